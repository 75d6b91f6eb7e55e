import { unknownName } from "../../errors.ts";
import { npzWriter } from "./npz.ts";
import type { ScanWriter } from "./scanWriter.ts";
import { tiffWriter } from "./tiff.ts";

/** Every format that scans are written in. */
export const scanWriters: readonly ScanWriter[] = [npzWriter, tiffWriter];

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
