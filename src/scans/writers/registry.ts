import { unknownName } from "../../errors.ts";
import { cxiWriter } from "./cxi.ts";
import { hdf5Writer } from "./hdf5.ts";
import { npzWriter } from "./npz.ts";
import { nxcxiWriter } from "./nxcxi.ts";
import { pairWriter, productNpzWriter, productWriter } from "./product.ts";
import { ptydWriter } from "./ptyd.ts";
import type { ScanWriter } from "./scanWriter.ts";
import { tiffWriter } from "./tiff.ts";

/** Every format that scans are written in. */
export const scanWriters: readonly ScanWriter[] = [
  npzWriter,
  hdf5Writer,
  cxiWriter,
  nxcxiWriter,
  ptydWriter,
  pairWriter,
  productWriter,
  productNpzWriter,
  tiffWriter,
];

/** @throws PtychonautError "usage" for an unknown name */
export function scanWriterNamed(name: string): ScanWriter {
  const found = scanWriters.find((writer) => writer.name === name);
  if (found !== undefined) return found;
  throw unknownName(
    "format to write",
    name,
    scanWriters.map((writer) => writer.name),
  );
}

/** The writer whose ending a file's name has: of several the longest. */
export function scanWriterFor(path: string): ScanWriter | undefined {
  const name = path.toLowerCase();
  const fitting = scanWriters.flatMap((writer) =>
    writer.endings.filter((ending) => name.endsWith(ending)).map((ending) => ({ writer, length: ending.length })),
  );
  return fitting.sort((a, b) => b.length - a.length)[0]?.writer;
}
