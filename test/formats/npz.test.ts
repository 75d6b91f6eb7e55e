import fc from "fast-check";
import { unzipSync, zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { crc32 } from "../../src/formats/crc32.ts";
import { type NumericArray, writeNpy } from "../../src/formats/npy.ts";
import { openNpz, writeNpz } from "../../src/formats/npz.ts";
import { writeZip, type ZipWriter, zipWriter } from "../../src/formats/writeZip.ts";
import { openZip } from "../../src/formats/zip.ts";

const ramp = (n: number): NumericArray => ({
  shape: [n],
  dtype: "float32",
  data: Float32Array.from({ length: n }, (_, i) => i),
});
const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Offset of the central directory's header of the n-th member. */
function centralHeader(bytes: Uint8Array, n = 0): number {
  let seen = -1;
  for (let at = 0; at < bytes.length - 4; at++)
    if (bytes[at] === 0x50 && bytes[at + 1] === 0x4b && bytes[at + 2] === 1 && bytes[at + 3] === 2 && ++seen === n)
      return at;
  throw new Error("no central header");
}

const setUint32 = (bytes: Uint8Array, at: number, value: number): void =>
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(at, value, true);

describe("zip", () => {
  it("CRC-32 of the check string of the standard", () => {
    expect(crc32(ascii("123456789"))).toBe(0xcbf43926);
    expect(crc32(new Uint8Array(0))).toBe(0);
  });

  it("members come back, stored and deflated, and another program's unzip reads them", () => {
    const members = fc.uniqueArray(
      fc.record({
        name: fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 }),
        data: fc.uint8Array({ maxLength: 300 }),
      }),
      { selector: ({ name }) => name, maxLength: 5 },
    );
    fc.assert(
      fc.property(members, fc.constantFrom(0 as const, 6 as const), (inputs, level) => {
        const bytes = writeZip(inputs, level);
        const zip = openZip(bytes, "test");
        expect(zip.members.map(({ name }) => name)).toEqual(inputs.map(({ name }) => name));
        for (const { name, data } of inputs) expect(zip.read(name)).toEqual(data);
        const other = unzipSync(bytes);
        for (const { name, data } of inputs) expect(other[name]).toEqual(data);
      }),
    );
  });

  it("reads another program's zip", () => {
    const zip = openZip(zipSync({ a: ascii("hello"), b: [new Uint8Array(1000), { level: 9 }] }), "test");
    expect(zip.read("a")).toEqual(ascii("hello"));
    expect(zip.read("b")).toEqual(new Uint8Array(1000));
  });

  it("64-bit records are written, and read by us and by another program's unzip", () => {
    const inputs = [
      { name: "a", data: Uint8Array.from({ length: 5000 }, (_, i) => i) },
      { name: "b", data: ascii("short") },
    ];
    for (const level of [0, 6] as const) {
      for (const wideFrom of [0, 100, 0xffffffff]) {
        const bytes = written((writer) => {
          for (const { name, data } of inputs)
            writer.add(name, data.length, [data.subarray(0, 3), data.subarray(3)], level);
        }, wideFrom);
        const zip = openZip(bytes, "test");
        const other = unzipSync(bytes);
        for (const { name, data } of inputs) {
          expect(zip.read(name)).toEqual(data);
          expect(Buffer.concat([...zip.chunks(name)].map((chunk) => chunk.slice()))).toEqual(Buffer.from(data));
          expect(other[name]).toEqual(data);
        }
        // The signature of zip64's end record.
        expect(Buffer.from(bytes).includes(Buffer.from([0x50, 0x4b, 6, 6]))).toBe(wideFrom < 0xffffffff);
      }
    }
  });

  it("70000 members, more than 16 bits can count", () => {
    const bytes = written((writer) => {
      for (let i = 0; i < 70_000; i++) writer.add(`${i}`, 1, [Uint8Array.of(i)]);
    });
    const zip = openZip(bytes, "test");
    expect(zip.members.length).toBe(70_000);
    expect(zip.read("69999")).toEqual(Uint8Array.of(69_999));
  });

  it("a member is as long as was said", () => {
    expect(() => written((writer) => writer.add("a", 4, [ascii("abc")]))).toThrow(/not as long.*4 bytes.*got 3/);
  });

  it("pieces of a member are checked as the whole is", () => {
    const bytes = writeZip([{ name: "a", data: new Uint8Array(3_000_000).fill(7) }]);
    bytes[2_500_000] ^= 1;
    expect(() => [...openZip(bytes, "cut.zip").chunks("a")]).toThrow(/wrong checksum.*cut\.zip/);
  });

  it("equal content gives equal bytes", () => {
    const inputs = [{ name: "x", data: ascii("same") }];
    expect(writeZip(inputs, 6)).toEqual(writeZip(inputs, 6));
  });

  it("peeks at the start without the rest", () => {
    const data = Uint8Array.from({ length: 100_000 }, (_, i) => (i * i) >> 3);
    for (const level of [0, 6] as const)
      expect(openZip(writeZip([{ name: "x", data }], level), "test").peek("x", 500)).toEqual(data.subarray(0, 500));
  });
});

/** The bytes that a writer sends to its sink. */
function written(write: (writer: ZipWriter) => void, wideFrom?: number): Uint8Array {
  let out = Buffer.alloc(1 << 20);
  let size = 0;
  const writer = zipWriter(
    {
      write(bytes) {
        while (size + bytes.length > out.length) out = Buffer.concat([out, Buffer.alloc(out.length)]);
        out.set(bytes, size);
        size += bytes.length;
      },
      writeAt: (offset, bytes) => out.set(bytes, offset),
    },
    wideFrom,
  );
  write(writer);
  writer.finish();
  return new Uint8Array(out.subarray(0, size));
}

describe("npz", () => {
  it("lists without reading and reads what is asked for", () => {
    const bytes = writeNpz({ a: ramp(5), b: { shape: [2, 2], dtype: "uint16", data: Uint16Array.of(1, 2, 3, 65535) } });
    const npz = openNpz(bytes);
    expect(npz.keys).toEqual(["a", "b"]);
    expect(npz.header("b")).toMatchObject({ shape: [2, 2], dtype: "uint16" });
    expect(npz.readNumbers("b").data).toEqual(Uint16Array.of(1, 2, 3, 65535));
    expect(() => npz.read("c")).toThrow(/no array "c".*one of a, b/);
  });

  it("text is no number", () => {
    const npz = openNpz(writeNpz({ t: { shape: [], dtype: "string", data: ["x"] } }));
    expect(() => npz.readNumbers("t")).toThrow(/wrong dtype; in npz: t; expected numbers; got text/);
  });

  it("a damaged member does not spoil the others", () => {
    const bytes = writeNpz({ a: ramp(5), b: ramp(50) }, { compress: false });
    const inB = Buffer.from(bytes).indexOf("b.npy") + 180;
    bytes[inB] ^= 1;
    const npz = openNpz(bytes, "scan.npz");
    expect(npz.readNumbers("a").data).toEqual(ramp(5).data);
    expect(() => npz.read("b")).toThrow(/"b.npy" has a wrong checksum; in scan.npz/);
  });
});

describe("hostile and broken archives", () => {
  const good = writeNpz({ a: ramp(1000) });

  it("truncated anywhere", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: good.length - 1 }), (length) => {
        expect(() => openNpz(good.subarray(0, length), "cut.npz").read("a")).toThrow(/damaged or truncated archive/);
      }),
    );
  });

  it("any flipped byte is an error of ours or leaves the numbers right, never something else", () => {
    fc.assert(
      fc.property(fc.nat({ max: good.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const bytes = good.slice();
        bytes[at] ^= flip;
        let data: unknown;
        try {
          const npz = openNpz(bytes, "flip.npz");
          data = npz.read(npz.keys[0]).data;
        } catch (error) {
          expect(error).toHaveProperty("kind", "data");
          return;
        }
        expect(data).toEqual(ramp(1000).data);
      }),
      { numRuns: 400 },
    );
  });

  it("duplicate keys, also as a and a.npy", () => {
    const data = writeNpy(ramp(3));
    expect(() =>
      openNpz(
        writeZip([
          { name: "a.npy", data },
          { name: "a.npy", data },
        ]),
        "twice.npz",
      ),
    ).toThrow(/duplicate member "a.npy"; in twice.npz/);
    expect(() =>
      openNpz(
        writeZip([
          { name: "a.npy", data },
          { name: "a", data },
        ]),
        "twice.npz",
      ),
    ).toThrow(/duplicate key "a"/);
  });

  it("a member that declares more than deflate can expand is refused unread", () => {
    const bytes = good.slice();
    setUint32(bytes, centralHeader(bytes) + 24, 0xf0000000);
    expect(() => openNpz(bytes, "bomb.npz").read("a")).toThrow(
      /would expand to 4026531840 bytes and looks like a zip bomb/,
    );
  });

  it("small members may be all zeros, and limits can be set", () => {
    const zeros = writeNpz({ z: { shape: [300_000], dtype: "float64", data: new Float64Array(300_000) } });
    expect(openNpz(zeros).readNumbers("z").data.length).toBe(300_000);
    expect(() => openNpz(zeros, "bomb.npz", { maxBytes: 1e6 }).read("z")).toThrow(/zip bomb/);
  });

  it("a large member that expands within deflate's limit is refused by its ratio", () => {
    const bytes = good.slice();
    setUint32(bytes, centralHeader(bytes) + 20, 1e6);
    setUint32(bytes, centralHeader(bytes) + 24, 4e8);
    expect(() => openNpz(bytes, "bomb.npz").read("a")).toThrow(/400000000 bytes.*zip bomb.*got 400 times/);
  });

  it("a member that expands to more or less than it declares stops there", () => {
    for (const [change, message] of [
      [-400, /more than it declares/],
      [+400, /less than it declares/],
    ] as const) {
      const data = writeNpy(ramp(1000));
      const bytes = writeZip([{ name: "a.npy", data }], 6);
      setUint32(bytes, centralHeader(bytes) + 24, data.length + change);
      expect(() => openZip(bytes, "lie.zip").read("a.npy")).toThrow(message);
      expect(() => openNpz(bytes, "lie.npz").read("a")).toThrow(/array and archive disagree about the size/);
    }
  });

  it("an array whose header promises more than the member holds", () => {
    const text = Buffer.from(writeNpy(ramp(10)))
      .toString("latin1")
      .replace("(10,), }       ", "(10000000000,),}");
    const bytes = writeZip([{ name: "a.npy", data: Uint8Array.from(Buffer.from(text, "latin1")) }], 6);
    expect(() => openNpz(bytes, "lie.npz").read("a")).toThrow(/disagree about the size.*40000000128 bytes/);
  });

  it("encryption and unknown compression", () => {
    const encrypted = good.slice();
    encrypted[centralHeader(encrypted) + 8] |= 1;
    expect(() => openNpz(encrypted, "x.npz")).toThrow(/is encrypted/);
    const lzma = good.slice();
    lzma[centralHeader(lzma) + 10] = 14;
    expect(() => openNpz(lzma, "x.npz")).toThrow(/compression method 14/);
  });

  it("not a zip at all", () => {
    expect(() => openNpz(ascii("this is a text file and no archive at all"), "x.npz")).toThrow(/this is a text file/);
    expect(() => openNpz(writeZip([{ name: "model.onnx", data: ascii("x") }]), "model.zip")).toThrow(
      /a zip archive without NumPy arrays; in model.zip.*got model.onnx/,
    );
    expect(() => openNpz(new Uint8Array(0), "x.npz")).toThrow(/this is an empty file/);
  });
});
