import { memorySource } from "../../src/formats/byteSource.ts";
import type { Neighbours } from "../../src/formats/neighbours.ts";

/** Writers of detectors' files for tests, by the published layouts alone. */

/** Files beside a file. */
export const beside = (files: Readonly<Record<string, string | Uint8Array>>): Neighbours => ({
  open: async (name) => {
    const found = files[name];
    if (found === undefined) return undefined;
    return { ...memorySource(typeof found === "string" ? new TextEncoder().encode(found) : found), close() {} };
  },
});

/** Frames of 128² with two rows of something else after each. */
export function writeEmpad(frames: readonly Float32Array[]): Uint8Array<ArrayBuffer> {
  const out = new Float32Array(frames.length * 130 * 128).fill(-7);
  for (const [k, frame] of frames.entries()) out.set(frame, k * 130 * 128);
  return new Uint8Array(out.buffer);
}

export const empadXml = (name: string, rows: number, columns: number): string => `<?xml version="1.0"?>
<root>
  <raw_file filename="${name}"/>
  <timestamp isoformat="2017-08-21T14:27:40.468000"/>
  <scan_parameters mode="search"><scan_resolution_x>9</scan_resolution_x></scan_parameters>
  <scan_parameters mode="acquire">
    <scan_resolution_x>${columns}</scan_resolution_x>
    <scan_resolution_y>${rows}</scan_resolution_y>
    <scan_size>0.5</scan_size>
  </scan_parameters>
  <iom_measurements>
    <source.get_voltage>300000.0</source.get_voltage>
    <calibrated_diffraction_angle>0.0005</calibrated_diffraction_angle>
    <optics.get_full_scan_field_of_view>[1.5e-08, 2e-08]</optics.get_full_scan_field_of_view>
  </iom_measurements>
</root>
`;

export interface MibFrames {
  readonly width: number;
  readonly height: number;
  readonly type: "U08" | "U16" | "U32" | "R64";
  readonly bits: number;
  readonly chips?: number;
  readonly layout?: string;
  /** The pixels of each frame as they lie in the file. */
  readonly frames: readonly Uint8Array[];
}

export function writeMib({
  width,
  height,
  type,
  bits,
  chips = 1,
  layout = "1x1",
  frames,
}: MibFrames): Uint8Array<ArrayBuffer> {
  const length = 384;
  const parts = frames.flatMap((pixels, k) => {
    const fields = [
      ...["MQ1", String(k + 1).padStart(6, "0"), String(length).padStart(5, "0"), String(chips).padStart(2, "0")],
      ...[String(width).padStart(4, "0"), String(height).padStart(4, "0"), type, `   ${layout}`, "01"],
      ...["2020-05-18 16:51:49.971626", "0.000555", "0", "0", "0", "1.200000E+2", "5.110000E+2"],
      ...["MQ1A", "2020-05-18T16:51:49.971626178Z", "555000ns", String(bits)],
    ];
    const header = Buffer.alloc(length);
    header.write(`${fields.join(",")},`, "latin1");
    return [header, pixels];
  });
  return new Uint8Array(Buffer.concat(parts));
}

/** Big-endian. */
export function bigEndian(values: ArrayLike<number>, width: 1 | 2 | 4): Uint8Array {
  const out = Buffer.alloc(values.length * width);
  for (let i = 0; i < values.length; i++) out.writeUIntBE(values[i], i * width, width);
  return new Uint8Array(out);
}

/** NanoMegas' blocks: a header, and six bytes before each frame of bytes. */
export function writeBlo(
  rows: number,
  columns: number,
  side: number,
  frames: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  const head = Buffer.alloc(64);
  head.write("IMGBLO");
  head.writeUInt16LE(0x102, 6);
  head.writeUInt32LE(40, 8);
  head.writeUInt32LE(64, 12);
  head.writeUInt16LE(side, 20);
  head.writeUInt16LE(columns, 24);
  head.writeUInt16LE(rows, 26);
  const blocks = frames.flatMap((frame, k) => [Uint8Array.of(0x55, 0xaa, k, 0, 0, 0), frame]);
  return new Uint8Array(Buffer.concat([head, ...blocks]));
}

/** A tag of Digital Micrograph. */
export type DmTag =
  | { readonly group: Readonly<Record<string, DmTag>> }
  | { readonly list: readonly DmTag[] }
  | { readonly number: number; readonly type?: "int32" | "uint32" | "float32" | "float64" | "bool" }
  | { readonly text: string }
  | { readonly array: Uint8Array; readonly type: number };

const dmTypes = { int32: 3, uint32: 5, float32: 6, float64: 7, bool: 8 } as const;
const dmWidths: Readonly<Record<number, number>> = { 2: 2, 4: 2, 3: 4, 5: 4, 6: 4, 7: 8, 8: 1, 9: 1, 10: 1 };

export function writeDm(
  tags: Readonly<Record<string, DmTag>>,
  { version = 4, littleEndian = true }: { readonly version?: 3 | 4; readonly littleEndian?: boolean } = {},
): Uint8Array<ArrayBuffer> {
  const u32 = (value: number): Buffer => {
    const out = Buffer.alloc(4);
    out.writeUInt32BE(value);
    return out;
  };
  const length = (value: number): Buffer => (version === 3 ? u32(value) : Buffer.concat([u32(0), u32(value)]));
  const numeric = (value: number, type: number): Buffer => {
    const out = Buffer.alloc(dmWidths[type]);
    const view = new DataView(out.buffer, out.byteOffset);
    if (type === 7) view.setFloat64(0, value, littleEndian);
    else if (type === 6) view.setFloat32(0, value, littleEndian);
    else if (type === 8) view.setUint8(0, value);
    else view.setInt32(0, value, littleEndian);
    return out;
  };
  const named = (entries: readonly (readonly [string, DmTag])[]): Buffer =>
    Buffer.concat([
      Buffer.from([1, 0]),
      length(entries.length),
      ...entries.map(([name, tag]) => {
        const isGroup = "group" in tag || "list" in tag;
        const content = body(tag);
        const head = Buffer.from([isGroup ? 20 : 21, name.length >> 8, name.length & 255]);
        return Buffer.concat([
          ...[head, Buffer.from(name, "latin1")],
          ...(version === 4 ? [length(content.length)] : []),
          content,
        ]);
      }),
    ]);
  const body = (tag: DmTag): Buffer => {
    if ("group" in tag) return named(Object.entries(tag.group));
    if ("list" in tag) return named(tag.list.map((each) => ["", each]));
    const mark = Buffer.from("%%%%");
    if ("number" in tag) {
      const type = dmTypes[tag.type ?? "float64"];
      return Buffer.concat([mark, length(1), length(type), numeric(tag.number, type)]);
    }
    if ("text" in tag) {
      const letters = Buffer.from(tag.text, "utf16le");
      if (!littleEndian) letters.swap16();
      return Buffer.concat([mark, length(3), length(20), length(4), length(tag.text.length), letters]);
    }
    const count = tag.array.length / dmWidths[tag.type];
    return Buffer.concat([mark, length(3), length(20), length(tag.type), length(count), tag.array]);
  };
  const root = named(Object.entries(tags));
  return new Uint8Array(
    Buffer.concat([u32(version), length(root.length), u32(littleEndian ? 1 : 0), root, Buffer.alloc(8)]),
  );
}

export interface DmImage {
  /** Fastest first. */
  readonly dims: readonly number[];
  readonly dataType: number;
  readonly bytes: Uint8Array;
  /** Of the elements, as tags have it. */
  readonly type: number;
  readonly axes?: readonly (readonly [scale: number, unit: string])[];
  readonly tags?: Readonly<Record<string, DmTag>>;
}

export const dmImage = ({ dims, dataType, bytes, type, axes = [], tags = {} }: DmImage): DmTag => ({
  group: {
    ImageData: {
      group: {
        Calibrations: {
          group: {
            Dimension: {
              list: axes.map(([scale, unit]) => ({
                group: {
                  Origin: { number: 0, type: "float32" },
                  Scale: { number: scale, type: "float32" },
                  Units: { text: unit },
                },
              })),
            },
          },
        },
        Data: { array: bytes, type },
        DataType: { number: dataType, type: "uint32" },
        Dimensions: { list: dims.map((extent) => ({ number: extent, type: "uint32" })) },
      },
    },
    ImageTags: { group: tags },
    Name: { text: "Diffraction SI" },
  },
});
