import type { Dataset } from "../data/dataset.ts";
import type { ByteSource } from "../formats/byteSource.ts";
import { openNpz } from "../formats/npz.ts";
import { asStated } from "./asStated.ts";
import { completeScan } from "./completeScan.ts";
import { namedFormat } from "./formats/named.ts";
import { checkProbeOptions } from "./prepare/probeRules.ts";
import { withRaster } from "./prepare/raster.ts";
import type { ScanSource } from "./scanFormat.ts";
import type { ScanOptions } from "./scanOptions.ts";

/**
 * Reads a scan out of the bytes of an NPZ, by the names of the contract or those that are stated (`namedFormat`).
 * @throws PtychonautError "data" with the array and the option that would help
 */
export function readScanNpz(
  input: Uint8Array | ByteSource,
  options: ScanOptions = {},
  source: ScanSource = {},
): Dataset {
  const where = source.path ?? "scan";
  checkProbeOptions(options, where);
  const parts = withRaster(namedFormat.parts(openNpz(input, where), options, where), options, where);
  return asStated(completeScan(parts, options, source), options, source.unread);
}
