import { zlibSync } from "fflate";

/** A writer of MATLAB's level 5 for tests, by the published layout alone. */
export type MatValue =
  | ({
      readonly kind: "numbers";
      readonly shape: readonly number[];
      readonly type: MatType;
      readonly re: readonly number[];
    } & {
      readonly im?: readonly number[];
      /** In which numbers are stored, where that is another type than their class. */
      readonly stored?: MatType;
      readonly logical?: boolean;
    })
  | { readonly kind: "char"; readonly rows: readonly string[]; readonly utf8?: boolean }
  | { readonly kind: "cell"; readonly shape: readonly number[]; readonly values: readonly MatValue[] }
  | {
      readonly kind: "struct";
      readonly shape: readonly number[];
      readonly fields: Readonly<Record<string, readonly MatValue[]>>;
    }
  | { readonly kind: "other"; readonly class: number };

export type MatType = "int8" | "uint8" | "int16" | "uint16" | "int32" | "uint32" | "single" | "double";

const types: Readonly<Record<MatType, { mi: number; mx: number; width: number }>> = {
  int8: { mi: 1, mx: 8, width: 1 },
  uint8: { mi: 2, mx: 9, width: 1 },
  int16: { mi: 3, mx: 10, width: 2 },
  uint16: { mi: 4, mx: 11, width: 2 },
  int32: { mi: 5, mx: 12, width: 4 },
  uint32: { mi: 6, mx: 13, width: 4 },
  single: { mi: 7, mx: 7, width: 4 },
  double: { mi: 9, mx: 6, width: 8 },
};

export interface MatOptions {
  readonly littleEndian?: boolean;
  readonly compress?: boolean;
}

export function writeMat5(
  variables: Readonly<Record<string, MatValue>>,
  { littleEndian = true, compress = false }: MatOptions = {},
): Uint8Array<ArrayBuffer> {
  const word = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    if (littleEndian) bytes.writeInt32LE(value);
    else bytes.writeInt32BE(value);
    return bytes;
  };
  const element = (type: number, data: Uint8Array): Buffer => {
    // Four bytes at most go into the tag.
    if (data.length > 0 && data.length <= 4)
      return Buffer.concat([word((data.length << 16) | type), data, Buffer.alloc(4 - data.length)]);
    return Buffer.concat([word(type), word(data.length), data, Buffer.alloc((8 - (data.length % 8)) % 8)]);
  };
  const encoded = (values: readonly number[], type: MatType): Buffer => {
    const { width } = types[type];
    const out = Buffer.alloc(width * values.length);
    const view = new DataView(out.buffer, out.byteOffset);
    for (const [i, value] of values.entries()) {
      if (type === "double") view.setFloat64(8 * i, value, littleEndian);
      else if (type === "single") view.setFloat32(4 * i, value, littleEndian);
      else if (width === 4) view.setInt32(4 * i, value, littleEndian);
      else if (width === 2) view.setInt16(2 * i, value, littleEndian);
      else view.setInt8(i, value);
    }
    return out;
  };
  const head = (mx: number, flags: number, shape: readonly number[], name: string): Buffer =>
    Buffer.concat([
      element(6, Buffer.concat([word(mx | flags), word(0)])),
      element(5, Buffer.concat(shape.map(word))),
      element(1, Buffer.from(name, "latin1")),
    ]);
  const matrix = (name: string, value: MatValue): Buffer => element(14, body(name, value));
  const body = (name: string, value: MatValue): Buffer => {
    switch (value.kind) {
      case "numbers": {
        const { type, stored = type, im, logical } = value;
        const flags = (im === undefined ? 0 : 0x800) | (logical ? 0x200 : 0);
        const parts = [value.re, ...(im === undefined ? [] : [im])];
        return Buffer.concat([
          head(types[type].mx, flags, value.shape, name),
          ...parts.map((part) => element(types[stored].mi, encoded(part, stored))),
        ]);
      }
      case "char": {
        const [rows, columns] = [value.rows.length, Math.max(0, ...value.rows.map((row) => row.length))];
        const letters = Array.from({ length: rows * columns }, (_, i) =>
          (value.rows[i % rows][Math.floor(i / rows)] ?? " ").charCodeAt(0),
        );
        const text = value.utf8
          ? element(16, Buffer.from(String.fromCharCode(...letters)))
          : element(4, encoded(letters, "uint16"));
        return Buffer.concat([head(4, 0, [rows, columns], name), text]);
      }
      case "cell":
        return Buffer.concat([head(1, 0, value.shape, name), ...value.values.map((each) => matrix("", each))]);
      case "struct": {
        const fields = Object.keys(value.fields);
        const count = value.shape.reduce((product, extent) => product * extent, 1);
        return Buffer.concat([
          head(2, 0, value.shape, name),
          element(5, word(32)),
          element(
            1,
            Buffer.concat(fields.map((field) => Buffer.concat([Buffer.from(field), Buffer.alloc(32 - field.length)]))),
          ),
          ...Array.from({ length: count }, (_, i) => fields.map((field) => matrix("", value.fields[field][i]))).flat(),
        ]);
      }
      case "other":
        return Buffer.concat([head(value.class, 0, [1, 1], name), element(5, word(7))]);
    }
  };
  const start = Buffer.alloc(128, " ");
  start.write("MATLAB 5.0 MAT-file, written by a test");
  start.fill(0, 116, 124);
  start.set(littleEndian ? [0, 1, 0x49, 0x4d] : [1, 0, 0x4d, 0x49], 124);
  const members = Object.entries(variables).map(([name, value]) => {
    const whole = matrix(name, value);
    if (!compress) return whole;
    const packed = zlibSync(whole);
    return Buffer.concat([word(15), word(packed.length), packed]);
  });
  return new Uint8Array(Buffer.concat([start, ...members]));
}
