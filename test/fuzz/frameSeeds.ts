import { zlibSync } from "fflate";
import { writeNpy } from "../../src/formats/npy.ts";
import {
  beside,
  bigEndian,
  type DmTag,
  dmImage,
  empadXml,
  writeBlo,
  writeDm,
  writeEmpad,
  writeMib,
} from "../formats/framesWritten.ts";
import { type TiffOptions, type WrittenPage, writeTiffPages } from "../formats/tiffWritten.ts";
import { type MatValue, writeMat5 } from "../formats/writeMat5.ts";

/** Sound files of the containers that are not HDF5, as small as they come. */

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const values = (length: number): number[] => Array.from({ length }, (_, i) => (7 * i) % 50);

export const npyFiles = (): Uint8Array[] => [
  writeNpy({ shape: [2, 3, 4], dtype: "uint16", data: Uint16Array.from(values(24)) }),
  writeNpy({ shape: [2], dtype: "string", data: ["a", "bc"] }),
];

const numbers = (shape: readonly number[], more: object = {}): MatValue => ({
  ...{ kind: "numbers", shape, type: "double", re: values(shape.reduce((a, b) => a * b, 1)) },
  ...more,
});
const variables: Readonly<Record<string, MatValue>> = {
  dp: numbers([3, 4, 2], { type: "uint16" }),
  wave: numbers([2, 2], { im: [1, 2, 3, 4], type: "single" }),
  stored: numbers([2, 2], { stored: "uint8" }),
  title: { kind: "char", rows: ["ab", "cd"] },
  outputs: {
    kind: "struct",
    shape: [1, 2],
    fields: {
      p: [numbers([1, 1]), { kind: "cell", shape: [1, 2], values: [numbers([1, 2]), { kind: "char", rows: ["x"] }] }],
    },
  },
  sparse: { kind: "other", class: 5 },
};

export const matFiles = (): Uint8Array[] => [
  writeMat5(variables),
  writeMat5(variables, { littleEndian: false }),
  writeMat5(variables, { compress: true }),
];

const tags: Readonly<Record<string, DmTag>> = {
  "Meta Data": { group: { "Data Order Swapped": { number: 1, type: "bool" } } },
  "Microscope Info": { group: { Voltage: { number: 3e5, type: "float32" } } },
};
const image = (dims: readonly number[], more = {}): DmTag =>
  dmImage({
    ...{ dims, dataType: 10, type: 4, bytes: new Uint8Array(Uint16Array.from(values(120)).buffer) },
    ...{
      axes: [
        [1, "mrad"],
        [1, "mrad"],
        [2, "nm"],
        [2, "nm"],
      ],
      tags,
    },
    ...more,
  });

export const dmFiles = (): Uint8Array[] => [
  writeDm({ ImageList: { list: [image([5, 4, 3, 2])] } }),
  writeDm({ ImageList: { list: [image([5, 4, 3, 2], { tags: {} }), image([5, 4, 6])] } }, { version: 3 }),
  writeDm({ ImageList: { list: [image([12, 10])] } }, { littleEndian: false }),
];

export const mibFiles = (): Uint8Array[] => [
  writeMib({ width: 6, height: 4, type: "U16", bits: 12, frames: [1, 2, 3].map(() => bigEndian(values(24), 2)) }),
  writeMib({ width: 6, height: 4, type: "U32", bits: 24, frames: [1, 2].map(() => bigEndian(values(24), 4)) }),
  writeMib({ width: 64, height: 64, type: "R64", bits: 1, frames: [new Uint8Array(512).fill(0x5a)] }),
  writeMib({
    ...{ width: 256, height: 64, type: "R64", bits: 6, chips: 4, layout: "2x2" },
    frames: [new Uint8Array(256 * 64).fill(3)],
  }),
];

export const bloFiles = (): Uint8Array[] => [
  writeBlo(
    2,
    3,
    4,
    [0, 1, 2, 3, 4, 5].map((k) => new Uint8Array(16).fill(k)),
  ),
];

const hdr = "HDR,\nFrames in Acquisition (Number):\t4\nFrames per Trigger (Number):\t2\nThresholds (keV):\t1,2\nEnd\t";
const frame = writeEmpad([new Float32Array(128 * 128).fill(1)]);

export const empadFiles = (): Uint8Array[] => [frame, text(empadXml("scan.raw", 1, 1))];
export const besideEmpad = beside({ "scan.raw": frame });

export const hdrFiles = (): Uint8Array[] => [text(hdr)];
export const besideHdr = beside({ "scan.mib": mibFiles()[0] });

const pixels = new Uint8Array(Uint16Array.from(values(35)).buffer);
const page: WrittenPage = {
  height: 5,
  width: 7,
  bits: 16,
  format: 1,
  pieces: [pixels],
  description: "ImageJ=1\nimages=1\n",
};
const packed: WrittenPage = { ...page, compression: 8, pieces: [zlibSync(pixels)], predictor: 2 };
const zstd: WrittenPage = {
  ...page,
  compression: 50000,
  pieces: [Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x20, 70, 1 | ((70 & 31) << 3), 70 >> 5, 0, ...pixels)],
};
/** Literal codes of nine bits between a clear code and the end. */
const lzw: WrittenPage = {
  ...page,
  height: 1,
  width: 2,
  compression: 5,
  pieces: [Uint8Array.of(0x80, 0, 0x40, 0x20, 0x10, 0x0c, 0x04)],
};
const tiled: WrittenPage = { ...page, tile: [16, 16], pieces: [new Uint8Array(512)] };
const strips: WrittenPage = {
  ...page,
  rowsPerStrip: 2,
  pieces: [pixels.slice(0, 28), pixels.slice(28, 56), pixels.slice(56)],
};

export const tiffFiles = (): Uint8Array[] => {
  const written = (pages: readonly WrittenPage[], options?: TiffOptions): Uint8Array => writeTiffPages(pages, options);
  return [
    written([page, strips]),
    written([page, page], { littleEndian: false, big: true }),
    ...[packed, zstd, lzw, tiled].map((each) => written([each, each])),
    written([{ ...page, compression: 32773, pieces: [Uint8Array.of(69, ...pixels)] }], { littleEndian: false }),
  ];
};

export const tables = (): Uint8Array[] => [
  text("# scan 12\nx (um), y [um]\n1.5,-2\n3e-6,4\n"),
  text("1 2\r\n3 nan\r\n"),
  text("1;2;3\n4;5;6\n"),
];

/** Rasters of patterns that say their shape. */
export const rasters = (): Uint8Array[] => {
  const pattern = (k: number): WrittenPage => ({
    ...{
      height: 32,
      width: 32,
      bits: 8,
      format: 1,
      pieces: [Uint8Array.from({ length: 1024 }, (_, i) => (i * (k + 3)) % 9)],
    },
  });
  const first = { ...pattern(0), description: '{"shape": [2, 2, 32, 32]}' };
  const dm = (dims: readonly number[], dmTags: Readonly<Record<string, DmTag>>): Uint8Array =>
    writeDm({
      ImageList: {
        list: [image(dims, { bytes: new Uint8Array(Uint16Array.from(values(384)).buffer), tags: dmTags })],
      },
    });
  return [
    dm([8, 8, 3, 2], tags),
    dm([3, 2, 8, 8], {}),
    writeTiffPages([first, pattern(1), pattern(2), pattern(3)]),
    writeNpy({ shape: [2, 2, 32, 32], dtype: "float32", data: new Float32Array(4096).fill(2) }),
  ];
};
