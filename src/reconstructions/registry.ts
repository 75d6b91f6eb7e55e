import { unknownName } from "../errors.ts";
import type { ArrayFile } from "../formats/arrayFile.ts";
import { cxiReconstruction } from "./cxi.ts";
import { hdf5Reconstruction, npzReconstruction } from "./named.ts";
import { productNpzReconstruction, productReconstruction } from "./product.ts";
import { ptyrReconstruction } from "./ptyr.ts";
import type { Recognised, ReconstructionFormat } from "./reconstructionFormat.ts";
import { tiffReconstruction } from "./tiff.ts";

/** A format is a file in this room, and a line here. */
const formats: readonly ReconstructionFormat[] = [
  npzReconstruction,
  hdf5Reconstruction,
  cxiReconstruction,
  ptyrReconstruction,
  productReconstruction,
  productNpzReconstruction,
  tiffReconstruction,
];

export type ReconstructionWriter = Omit<ReconstructionFormat, "recognise" | "read">;

/** Every format that reconstructions are written in. */
export const reconstructionWriters: readonly ReconstructionWriter[] = formats;

/** The format of a file that holds a reconstruction, alone or beside a scan. */
export function recogniseReconstruction(
  file: ArrayFile,
): (Recognised & { readonly format: ReconstructionFormat }) | undefined {
  for (const format of formats) {
    const recognised = format.recognise(file);
    if (recognised !== undefined) return { ...recognised, format };
  }
  return undefined;
}

/** @throws PtychonautError "usage" for an unknown name */
export function reconstructionWriterNamed(name: string): ReconstructionWriter {
  const found = reconstructionWriters.find((writer) => writer.name === name);
  if (found !== undefined) return found;
  throw unknownName(
    "format for reconstructions",
    name,
    reconstructionWriters.map((writer) => writer.name),
  );
}

/** The writer whose ending a file's name has: of several the longest. */
export function reconstructionWriterFor(path: string): ReconstructionWriter | undefined {
  const name = path.toLowerCase();
  const fitting = reconstructionWriters.flatMap((writer) =>
    writer.endings.filter((ending) => name.endsWith(ending)).map((ending) => ({ writer, length: ending.length })),
  );
  return fitting.sort((a, b) => b.length - a.length)[0]?.writer;
}
