import { describe, expect, it } from "vitest";
import { readBundle } from "../../src/bundle/bundle.ts";
import { memorySource } from "../../src/formats/byteSource.ts";
import { openArrayFile } from "../../src/formats/containers.ts";
import { writeNpy } from "../../src/formats/npy.ts";
import { openNpz, writeNpz } from "../../src/formats/npz.ts";
import { writeZip } from "../../src/formats/writeZip.ts";

const [A, B, H, W] = [3, 4, 5, 6];
const stack = {
  shape: [A, B, H, W],
  dtype: "uint16",
  data: Uint16Array.from({ length: A * B * H * W }, (_, i) => i),
} as const;

const latin = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

describe("a file of arrays", () => {
  it("gives some images of a stack, stored or compressed, as the whole has them", () => {
    for (const compress of [false, true]) {
      const file = openNpz(writeNpz({ stack }, { compress }));
      for (const [first, count] of [
        [0, 1],
        [5, 4],
        [A * B - 1, 1],
      ])
        expect(file.readImages("stack", first, count)).toEqual(
          stack.data.subarray(first * H * W, (first + count) * H * W),
        );
    }
  });

  it("gives images row-major of an array that goes down the columns", () => {
    const [first, second] = [2, 3].map((n) => Float64Array.from({ length: H * W }, (_, i) => n * i));
    const columns = new Float64Array(2 * H * W);
    for (const [frame, image] of [first, second].entries())
      for (let y = 0; y < H; y++) for (let x = 0; x < W; x++) columns[frame + 2 * (y + H * x)] = image[y * W + x];
    const npy = Buffer.from(writeNpy({ shape: [2, H, W], dtype: "float64", data: columns })).toString("latin1");
    const data = latin(npy.replace("'fortran_order': False, ", "'fortran_order': True,  "));
    const file = openNpz(writeZip([{ name: "stack.npy", data }], 0));
    expect(file.header("stack")).toMatchObject({ shape: [2, H, W], fortranOrder: true });
    expect(file.readImages("stack", 1, 1)).toEqual(second);
  });

  it("tells where elements lie, and gives their bytes", async () => {
    const bytes = writeNpz({ stack }, { compress: false });
    const file = await openArrayFile(memorySource(bytes), "scan.npz");
    expect(file.container).toBe("NPZ");
    const { offset, source } = file.storedAt("stack")!;
    const elements = Buffer.concat([...file.elements("stack")]);
    expect(elements).toEqual(Buffer.from(stack.data.buffer));
    expect(Buffer.from(source.read(offset, elements.length))).toEqual(elements);
    expect(openNpz(writeNpz({ stack })).storedAt("stack")).toBeUndefined();
  });
});

it("of a single NumPy array has it under `array`", async () => {
  const bytes = writeNpy(stack);
  const file = await openArrayFile(bytes, "patterns.npy");
  expect([file.container, file.keys]).toEqual(["NPY", ["array"]]);
  expect(file.read("array")).toEqual(stack);
  expect(file.readImages("array", 5, 2)).toEqual(stack.data.subarray(5 * H * W, 7 * H * W));
  expect(file.storedAt("array")).toMatchObject({ offset: bytes.length - stack.data.byteLength });
  await expect(openArrayFile(bytes.subarray(0, 700), "cut.npy")).rejects.toThrow(/truncated array.*in cut\.npy/);
  await expect(openArrayFile(new Uint8Array([...bytes, 0]), "long.npy")).rejects.toThrow(/bytes left over/);
  const text = await openArrayFile(writeNpy({ shape: [2], dtype: "string", data: ["a", "bc"] }), "words.npy");
  expect(text.read("array").data).toEqual(["a", "bc"]);
});

const kinds: readonly (readonly [name: string, bytes: Uint8Array, says: RegExp])[] = [
  ["gzip", latin("\x1f\x8b\x08\0"), /a gzip archive.*Unpack it first/],
  ["PNG", latin("\x89PNG\r\n\x1a\n\0\0"), /a PNG image.*not the numbers it was made of/],
  ["JPEG", latin("\xff\xd8\xff\xe0\0\x10JFIF"), /a JPEG image/],
  ["pickle", latin("\x80\x04\x95\x10\0\0\0"), /a Python pickle/],
  ["tar", latin(`name${"\0".repeat(253)}ustar\0`), /a tar archive/],
  ["Git LFS", latin("version https://git-lfs.github.com/spec/v1\noid"), /a pointer of Git LFS.*git lfs pull/],
  ["web page", latin("\n<!DOCTYPE html><html>"), /a web page/],
  ["JSON", latin('{"a": 1}\n'), /a text file \(JSON\)/],
  ["UTF-8", new TextEncoder().encode("Größe, Maß\n"), /this is a text file,/],
  ["CSV in UTF-16", Uint8Array.of(0xff, 0xfe, 0x31, 0, 0x2c, 0), /a text file in UTF-16/],
  ["EDF", latin("{\nHeaderID = EH:000001:000000:000000 ;\nByteOrder = LowByteFirst ;\n"), /an EDF image/],
  ["MRC", latin(`${"\x01\0\0\0".repeat(52)}MAP DA\0\0`), /an MRC file/],
  ["BMP", latin("BM\x36\x10\0\0\0\0\0\0\x36"), /a BMP image.*not the numbers it was made of/],
  ["noise", Uint8Array.of(1, 2, 3, 250, 0, 9), /no kind that is known.*starts with 01 02 03 fa 00 09/],
];

describe("what a file is that is no file of arrays", () => {
  it.each([
    ["HDF5", latin("\x89HDF\r\n\x1a\n\0\0\0\0"), /this is an HDF5 file \(also CXI, NeXus.*expected NPZ/],
    ["MATLAB 7.3", latin(`MATLAB 7.3 MAT-file${" ".repeat(493)}\x89HDF\r\n\x1a\n`), /a MATLAB 7\.3 file \(HDF5\)/],
    ["HDF5 behind a block of the user's", latin(`${"\0".repeat(512)}\x89HDF\r\n\x1a\n`), /an HDF5 file/],
  ])("%s, where an NPZ is looked for and where its rest is missing", async (_, bytes, says) => {
    expect(() => openNpz(bytes, "given")).toThrow(says);
    await expect(openArrayFile(bytes, "given")).rejects.toThrow(/damaged or truncated HDF5 file; in given/);
  });

  for (const [name, bytes, says] of kinds) {
    it(name, async () => {
      await expect(openArrayFile(bytes, "given")).rejects.toThrow(says);
      await expect(openArrayFile(bytes, "given")).rejects.toMatchObject({ kind: "data", details: { where: "given" } });
      expect(() => openNpz(bytes, "given")).toThrow(says);
    });
  }

  it.each([
    ["NPY", writeNpy(stack), /this is a single NumPy array \(NPY\); in .*expected NPZ.*numpy\.savez/],
    ["MATLAB 5", latin("MATLAB 5.0 MAT-file, Platform: PCWIN64"), /this is a MATLAB file; in/],
  ])("or is one, of another kind: %s", (_, bytes, says) => {
    expect(() => openNpz(bytes, "given")).toThrow(says);
  });

  it("also where a model is looked for", () => {
    expect(() => readBundle(latin("\x89HDF\r\n\x1a\n"), "model.zip")).toThrow(
      /this is an HDF5 file.*in model\.zip; expected a zip archive\. Check that it is the right file/,
    );
  });

  it("a damaged archive is still called damaged", async () => {
    const bytes = writeNpz({ stack });
    for (const length of [1, 3, 40, bytes.length - 30])
      await expect(openArrayFile(bytes.subarray(0, length), "cut.npz")).rejects.toThrow(/damaged or truncated archive/);
  });
});
