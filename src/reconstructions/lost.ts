import { counted } from "../printable.ts";
import type { ReconstructionPart, ReconstructionToWrite } from "./reconstructionFormat.ts";

/** Each as one says what of it would be lost; undefined where there is none. */
const parts: Readonly<Record<ReconstructionPart, (of: ReconstructionToWrite) => string | undefined>> = {
  coverage: ({ coverage }) => coverage && `how well its ${counted(coverage.length, "pixel")} are covered`,
  positions: ({ positions }) =>
    positions?.length ? `the positions of ${counted(positions.length / 2, "pattern")}` : undefined,
  origin: ({ origin }) =>
    origin && (origin.y !== 0 || origin.x !== 0)
      ? `where its first pixel is in the scan's object pixels, (${origin.y}, ${origin.x})`
      : undefined,
  pixelSizeM: ({ pixelSizeM }) => (pixelSizeM === undefined ? undefined : `the pixel's size, ${pixelSizeM} m`),
  pixelRatio: ({ pixelRatio }) =>
    pixelRatio?.some((ratio) => ratio !== 1)
      ? `its pixel over that of the scan's file, (${pixelRatio.join(", ")})`
      : undefined,
  probe: ({ probe }) => probe && `the probe, ${counted(probe.shape[0], "mode")} of ${probe.shape.slice(1).join(" x ")}`,
  objectModes: ({ objectModes }) =>
    objectModes && `the states of the object, ${objectModes.shape[0]}, of which it has the strongest`,
};

/** What a format cannot hold of a reconstruction, a line each, with numbers. */
export function lostInReconstruction(
  { holds }: { readonly holds: readonly ReconstructionPart[] },
  reconstruction: ReconstructionToWrite,
): string[] {
  return (Object.keys(parts) as ReconstructionPart[])
    .filter((part) => !holds.includes(part))
    .map((part) => parts[part](reconstruction))
    .filter((line) => line !== undefined);
}
