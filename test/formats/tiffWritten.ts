/** A writer of TIFFs for tests, by the specification (6.0) alone: pages as they come, each with what is said of it. */
export interface WrittenPage {
  readonly height: number;
  readonly width: number;
  readonly bits: number;
  /** 1 unsigned, 2 signed, 3 float. */
  readonly format: number;
  /** Encoded strips or tiles. */
  readonly pieces: readonly Uint8Array[];
  readonly compression?: number;
  readonly predictor?: number;
  readonly rowsPerStrip?: number;
  readonly tile?: readonly [height: number, width: number];
  readonly description?: string;
  readonly samples?: number;
  readonly subfile?: number;
}

export interface TiffOptions {
  readonly littleEndian?: boolean;
  readonly big?: boolean;
  /** Bytes between the pages' pixels and their directories. */
  readonly gap?: number;
}

/** All pixels first, then all directories. */
export function writeTiffPages(
  pages: readonly WrittenPage[],
  { littleEndian = true, big = false, gap = 0 }: TiffOptions = {},
): Uint8Array<ArrayBuffer> {
  const uint = (value: number, bytes: 2 | 4 | 8): Buffer => {
    const out = Buffer.alloc(bytes);
    const view = new DataView(out.buffer, out.byteOffset);
    if (bytes === 8) view.setBigUint64(0, BigInt(value), littleEndian);
    else if (bytes === 4) view.setUint32(0, value, littleEndian);
    else view.setUint16(0, value, littleEndian);
    return out;
  };
  const offsetBytes = big ? 8 : 4;
  const parts: Buffer[] = [];
  let at = big ? 16 : 8;
  const put = (bytes: Uint8Array): number => {
    parts.push(Buffer.from(bytes));
    at += bytes.length;
    return at - bytes.length;
  };
  const placed = pages.map(({ pieces }) => pieces.map(put));
  put(new Uint8Array(gap));
  const directories = pages.map((page, k) => {
    const list = (values: readonly number[]): Buffer => Buffer.concat(values.map((value) => uint(value, offsetBytes)));
    const long = big ? 16 : 4;
    const tags: (readonly [tag: number, type: number, count: number, bytes: Buffer])[] = [
      [254, 4, 1, uint(page.subfile ?? 0, 4)],
      [256, 4, 1, uint(page.width, 4)],
      [257, 4, 1, uint(page.height, 4)],
      [258, 3, 1, uint(page.bits, 2)],
      [259, 3, 1, uint(page.compression ?? 1, 2)],
      [277, 3, 1, uint(page.samples ?? 1, 2)],
      [317, 3, 1, uint(page.predictor ?? 1, 2)],
      [339, 3, 1, uint(page.format, 2)],
    ];
    const [offsets, counts] = [placed[k], page.pieces.map(({ length }) => length)];
    if (page.tile === undefined)
      tags.push(
        [273, long, offsets.length, list(offsets)],
        [278, 4, 1, uint(page.rowsPerStrip ?? page.height, 4)],
        [279, long, counts.length, list(counts)],
      );
    else
      tags.push(
        [322, 4, 1, uint(page.tile[1], 4)],
        [323, 4, 1, uint(page.tile[0], 4)],
        [324, long, offsets.length, list(offsets)],
        [325, long, counts.length, list(counts)],
      );
    if (page.description !== undefined) {
      const text = Buffer.from(`${page.description}\0`);
      tags.push([270, 2, text.length, text]);
    }
    const fields = tags
      .sort(([a], [b]) => a - b)
      .map(([tag, type, count, bytes]) => {
        const field = bytes.length <= offsetBytes ? bytes : uint(put(bytes), offsetBytes);
        return Buffer.concat([
          ...[uint(tag, 2), uint(type, 2), uint(count, offsetBytes), field],
          Buffer.alloc(offsetBytes - field.length),
        ]);
      });
    return Buffer.concat([uint(fields.length, big ? 8 : 2), ...fields]);
  });
  const first = at;
  for (const [k, directory] of directories.entries()) {
    const next = k === directories.length - 1 ? 0 : at + directory.length + offsetBytes;
    put(Buffer.concat([directory, uint(next, offsetBytes)]));
  }
  const mark = Buffer.from(littleEndian ? "II" : "MM");
  const head = big
    ? Buffer.concat([mark, uint(43, 2), uint(8, 2), uint(0, 2), uint(first, 8)])
    : Buffer.concat([mark, uint(42, 2), uint(first, 4)]);
  return new Uint8Array(Buffer.concat([head, ...parts]));
}
