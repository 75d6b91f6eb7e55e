import { PtychonautError } from "../errors.ts";
import type { ArrayFile, ArrayHeader } from "./arrayFile.ts";
import { type ArrayView, withViews } from "./arrayViews.ts";
import type { NumericArray, NumericData, NumericDtype } from "./npy.ts";

/** An array in a file. */
export interface ArrayAt {
  readonly file: ArrayFile;
  readonly key: string;
}

/**
 * A file with one array more, which holds those of `parts` one after the other along their first axis.
 * @param name of the new array
 * @throws PtychonautError "data" for parts whose frames differ in shape or dtype
 */
export function withJoined(file: ArrayFile, name: string, parts: readonly ArrayAt[], where: string): ArrayFile {
  const headers = parts.map((part) => part.file.header(part.key));
  const [first] = headers;
  const dtype = first.dtype as NumericDtype;
  headers.forEach((header, k) => {
    const numbers = /^(bool|u?int|float)/.test(header.dtype);
    const fits =
      numbers && header.shape.slice(1).join() === first.shape.slice(1).join() && header.dtype === first.dtype;
    if (fits && header.shape.length > 1 && !header.fortranOrder) return;
    throw new PtychonautError("data", "arrays that belong together differ", {
      where: `${where}: ${parts[k].key}`,
      expected: `${first.dtype} (…, ${first.shape.slice(1).join(", ")}), as ${parts[0].key}`,
      got: `${header.dtype} (${header.shape.join(", ")})`,
    });
  });
  const counts = headers.map(({ shape }) => shape.slice(0, -2).reduce((product, extent) => product * extent, 1));
  const leading = headers.reduce((sum, { shape }) => sum + shape[0], 0);
  const header: ArrayHeader = {
    ...first,
    shape: [leading, ...first.shape.slice(1)],
    dataBytes: headers.reduce((sum, { dataBytes = 0 }) => sum + dataBytes, 0),
  };
  const size = (images: number): number => images * first.shape.slice(-2).reduce((product, n) => product * n, 1);

  /** The images of a range, part by part. */
  function* stretches(from: number, count: number): Generator<NumericData, void, void> {
    let start = 0;
    for (const [k, part] of parts.entries()) {
      const [begin, end] = [Math.max(from, start), Math.min(from + count, start + counts[k])];
      if (begin < end) yield part.file.readImages(part.key, begin - start, end - begin);
      start += counts[k];
    }
  }
  const readImages = (from: number, count: number): NumericData => {
    let out: NumericData | undefined;
    let filled = 0;
    for (const piece of stretches(from, count)) {
      if (piece.length === size(count)) return piece;
      out ??= new (piece.constructor as new (length: number) => NumericData)(size(count));
      out.set(piece, filled);
      filled += piece.length;
    }
    return out ?? new Float32Array(0);
  };
  const total = counts.reduce((sum, count) => sum + count, 0);
  const all = (): NumericArray => ({ shape: header.shape, dtype, data: readImages(0, total) });
  const view: ArrayView = {
    header: () => header,
    attributes: () => parts[0].file.attributes(parts[0].key),
    readNumbers: all,
    readImages: (_, from, count) => readImages(from, count),
    *elements() {
      for (const part of parts) yield* part.file.elements(part.key);
    },
  };
  return withViews(file, (key) => key === name, view, [name]);
}
