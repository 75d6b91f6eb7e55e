import { z } from "zod";
import { type GeometryStatement, geometryQuantities, type Propagation } from "../optics/geometry.ts";
import { scanFormats } from "../scans/registry.ts";
import { lengthUnits, type PositionUnit, type ScanOptions } from "../scans/scanOptions.ts";
import { type choice, integer, optional, real, toggle, withDefault } from "./fields.ts";
import type { Open, SettingGroup } from "./group.ts";

/** How a file is read, which patterns are used and how they are grouped, fully resolved. */
export interface DataConfig {
  readonly measurement: "amplitude" | "counts" | null;
  readonly dcAt: "center" | "corner";
  readonly patternsKey: string | null;
  readonly probeKey: string | null;
  readonly positionsKey: string | null;
  readonly objectKey: string | null;
  readonly frameAxis: "first" | "last" | null;
  readonly positionOrder: "xy" | "yx" | null;
  readonly positionReference: "center" | "corner";
  readonly positionOrigin: "absolute" | "centered";
  positionUnit: choice(
    ["px", ...(Object.keys(lengthUnits) as (keyof typeof lengthUnits)[])],
    "px",
    "Unit of the positions: object pixels, or a length that the size of an object pixel converts.",
  ),
  format: optional(
    z.enum(scanFormats.map(({ name }) => name) as [string, ...string[]]),
    "Format of the scan file. Left open: the one that recognises the file best.",
    { identity: "never" },
  ),
  propagation: optional(
    z.enum(["far-field", "near-field"]),
    "How the wave reaches the detector. Left open: as the file says, else far-field, the only one that is computed.",
    { identity: "never" },
  ),
  energyKev: quantity("Energy of the photons, where the file does not say it.", "keV"),
  voltageKv: quantity("Voltage that accelerated the electrons, where the file does not say it.", "kV"),
  wavelengthM: quantity("Wavelength, where the file says neither it nor energy or voltage.", "metres"),
  detectorDistanceM: quantity("Distance from sample to detector, where the file does not say it.", "metres"),
  detectorPixelM: quantity("Side of a detector pixel, where the file does not say it.", "metres"),
  objectPixelM: quantity(
    "Side of an object pixel. Left open: as the file says, else λ z / (N p) of wavelength, distance and detector pixel.",
    "metres",
