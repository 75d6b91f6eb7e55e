import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type NpyArray,
  type NumericData,
  type NumericDtype,
  readNpy,
  readNpyHeader,
  writeNpy,
} from "../../src/formats/npy.ts";
import { pickledText } from "../../src/formats/pickledText.ts";

const fromBase64 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "base64"));
const numbers = (text: string): number[] => Array.from(readNpy(fromBase64(text), "test").data as ArrayLike<number>);

/** Files written by NumPy 2.4.6. */
const numpy = {
  f4be: "k05VTVBZAQB2AHsnZGVzY3InOiAnPmY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDIpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAo/gAAAwCAAAFDfhHY+gAAA",
  i2be: "k05VTVBZAQB2AHsnZGVzY3InOiAnPmkyJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAr/+wEC",
  f8fortran:
    "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY4JywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoMiwgMywgNCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAAAAAAAAAAAAChAAAAAAAAAEEAAAAAAAAAwQAAAAAAAACBAAAAAAAAANEAAAAAAAADwPwAAAAAAACpAAAAAAAAAFEAAAAAAAAAxQAAAAAAAACJAAAAAAAAANUAAAAAAAAAAQAAAAAAAACxAAAAAAAAAGEAAAAAAAAAyQAAAAAAAACRAAAAAAAAANkAAAAAAAAAIQAAAAAAAAC5AAAAAAAAAHEAAAAAAAAAzQAAAAAAAACZAAAAAAAAAN0A=",
  c8fortran:
    "k05VTVBZAQB2AHsnZGVzY3InOiAnPGM4JywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoMiwgMyksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAACgQAAAQEAAAABAAACAPwAAgEAAAIBAAACAPwAAAEAAAEBAAACgQAAAAAA=",
  c16be:
    "k05VTVBZAQB2AHsnZGVzY3InOiAnPmMxNicsICdmb3J0cmFuX29yZGVyJzogRmFsc2UsICdzaGFwZSc6ICgyLCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAo/8AAAAAAAAEAAAAAAAAAAgAAAAAAAAADADAAAAAAAAA==",
  f2: "k05VTVBZAQB2AHsnZGVzY3InOiAnPGYyJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDcsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAA8AMD/ewEAAHxmLg==",
  i8: "k05VTVBZAQB2AHsnZGVzY3InOiAnPGk4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAr7/////////////////x8A",
  huge: "k05VTVBZAQB2AHsnZGVzY3InOiAnPHU4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDEsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAAAEA==",
  v2: "k05VTVBZAgB0AAAAeydkZXNjcic6ICd8dTEnLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMywpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAQI=",
  v3: "k05VTVBZAwB0AAAAeydkZXNjcic6ICd8dTEnLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMywpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAQI=",
  scalar:
    "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAAKQA==",
  unicode:
    "k05VTVBZAQB2AHsnZGVzY3InOiAnPFUzJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAphAAAAYgAAAAAAAACoAwAArCAAAAD2AQA=",
  bytes:
    "k05VTVBZAQB2AHsnZGVzY3InOiAnfFMzJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAp4eXpxAAA=",
  object:
    "k05VTVBZAQB2AHsnZGVzY3InOiAnfE8nLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAqABJW4AAAAAAAAAIwWbnVtcHkuX2NvcmUubXVsdGlhcnJheZSMDF9yZWNvbnN0cnVjdJSTlIwFbnVtcHmUjAduZGFycmF5lJOUSwCFlEMBYpSHlFKUKEsBKWgDjAVkdHlwZZSTlIwCTziUiYiHlFKUKEsDjAF8lE5OTkr/////Sv////9LP3SUYoldlIwveyJwaHlzaWNzX3BhcmFtZXRlcnMiOiB7Im5waG90b25zIjogMTAwMDAwMC4wfX2UYXSUYi4=",
  objectList:
    "k05VTVBZAQB2AHsnZGVzY3InOiAnfE8nLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMiwpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAqABJWVAAAAAAAAAIwWbnVtcHkuX2NvcmUubXVsdGlhcnJheZSMDF9yZWNvbnN0cnVjdJSTlIwFbnVtcHmUjAduZGFycmF5lJOUSwCFlEMBYpSHlFKUKEsBSwKFlGgDjAVkdHlwZZSTlIwCTziUiYiHlFKUKEsDjAF8lE5OTkr/////Sv////9LP3SUYoldlChLAX2UjAFhlEsCc2V0lGIu",
  struct:
    "k05VTVBZAQB2AHsnZGVzY3InOiBbKCdhJywgJzxmNCcpLCAoJ2InLCAnPGk0JyldLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMiwpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAAAAAAAAAAAAAAA",
} as const;

it("reads a Buffer whose numbers are not aligned", () => {
  const array: NpyArray = { shape: [3], dtype: "float32", data: Float32Array.of(1.5, -2, 3) };
  const file = Buffer.concat([Buffer.of(0), writeNpy(array)]).subarray(1);
  expect(readNpy(file, "test")).toMatchObject(array);
});

describe("files written by NumPy", () => {
  it("big-endian float32 and int16", () => {
    expect(numbers(numpy.f4be)).toEqual([1, -2.5, Math.fround(3e10), 0.25]);
    expect(numbers(numpy.i2be)).toEqual([-5, 258]);
  });

  it("Fortran order becomes row-major, real and complex", () => {
    expect(readNpy(fromBase64(numpy.f8fortran), "test").shape).toEqual([2, 3, 4]);
    expect(numbers(numpy.f8fortran)).toEqual(Array.from({ length: 24 }, (_, i) => i));
    expect(numbers(numpy.c8fortran)).toEqual([0, 5, 1, 4, 2, 3, 3, 2, 4, 1, 5, 0]);
  });

  it("big-endian complex128 swaps each component on its own", () => {
    const array = readNpy(fromBase64(numpy.c16be), "test");
    expect(array.dtype).toBe("complex128");
    expect(array.shape).toEqual([2]);
    expect(Array.from(array.data as ArrayLike<number>)).toEqual([1, 2, -0, -3.5]);
  });

  it("half precision with a subnormal and infinity", () => {
    expect(numbers(numpy.f2)).toEqual([0, 1, -2, 65504, 2 ** -24, Number.POSITIVE_INFINITY, 0.0999755859375]);
  });

  it("64-bit integers up to 2⁵³, and no further", () => {
    expect(numbers(numpy.i8)).toEqual([-5, 2 ** 53 - 1]);
    expect(() => numbers(numpy.huge)).toThrow(/64-bit integer too large.*1152921504606846976/);
  });

  it("format versions 2 and 3, and zero dimensions", () => {
    expect(numbers(numpy.v2)).toEqual([0, 1, 2]);
    expect(numbers(numpy.v3)).toEqual([0, 1, 2]);
    expect(readNpy(fromBase64(numpy.scalar), "test")).toMatchObject({ shape: [], data: new Float64Array([3.25]) });
  });

  it("unicode and byte strings", () => {
    expect(readNpy(fromBase64(numpy.unicode), "test").data).toEqual(["ab", "Ψ€😀"]);
    expect(readNpy(fromBase64(numpy.bytes), "test").data).toEqual(["xyz", "q"]);
  });

  it("a text wrapped as a Python object, without unpickling; no other object", () => {
    const text = readNpy(fromBase64(numpy.object), "test");
    expect(text).toEqual({ shape: [], dtype: "string", data: ['{"physics_parameters": {"nphotons": 1000000.0}}'] });
    expect(() => numbers(numpy.objectList)).toThrow(/Python objects/);
    expect(() => numbers(numpy.struct)).toThrow(/structured array/);
  });
});

describe("pickles", () => {
  it("protocol 3, as older NumPy writes it", () => {
    const pickle =
      "gANjbnVtcHkuY29yZS5tdWx0aWFycmF5Cl9yZWNvbnN0cnVjdApxAGNudW1weQpuZGFycmF5CnEBSwCFcQJDAWJxA4dxBFJxBShLASljbnVtcHkKZHR5cGUKcQZYAgAAAE84cQeJiIdxCFJxCShLA1gBAAAAfHEKTk5OSv////9K/////0s/dHELYoldcQxYSgAAAHsic2NoZW1hX3ZlcnNpb24iOiAiMS4wLjAiLCAicGh5c2ljc19wYXJhbWV0ZXJzIjogeyJucGhvdG9ucyI6IDEwMDAwMDAuMH19cQ1hdHEOYi4=";
    expect(JSON.parse(pickledText(fromBase64(pickle))!)).toMatchObject({ physics_parameters: { nphotons: 1e6 } });
  });

  it("a call to anything else is not text", () => {
    // os.system("echo hi") as protocol 0-2 opcodes: GLOBAL, SHORT_BINUNICODE, TUPLE1, REDUCE, STOP
    const bytes = [0x80, 2, ...Buffer.from("cposix\nsystem\n"), 0x8c, 7, ...Buffer.from("echo hi"), 0x85, 0x52, 0x2e];
    expect(pickledText(Uint8Array.from(bytes))).toBeUndefined();
  });

  it("never throws on noise", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => void pickledText(bytes)));
  });

  it("shared parts that double, joined as names, cost nothing", () => {
    const doubled = (start: readonly number[], join: readonly number[]): Uint8Array => {
      // MEMOIZE, then twice BINGET of the last memo
      const rounds = Array.from({ length: 60 }, (_, i) => [0x94, 0x68, i, 0x68, i, ...join]).flat();
      return Uint8Array.from([0x80, 4, ...start, ...rounds, 0x93, 0x2e]);
    };
    const started = performance.now();
    expect(pickledText(doubled([0x29], [0x86]))).toBeUndefined(); // EMPTY_TUPLE, TUPLE2
    expect(pickledText(doubled([0x8c, 1, 0x61], [0x93]))).toBeUndefined(); // "a", STACK_GLOBAL
    expect(performance.now() - started).toBeLessThan(1000);
  });

  it("a million empty tuples are not kept", () => {
    const before = process.memoryUsage().heapUsed;
    expect(pickledText(new Uint8Array(1e6).fill(0x29))).toBeUndefined();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(10e6);
  });
});

describe("text that is no metadata", () => {
  const empty = (descr: string, shape: string, body = 0): Uint8Array => {
    const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape}), }`.padEnd(117);
    const bytes = new Uint8Array(128 + body);
    bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0]);
    bytes.set(new TextEncoder().encode(`${header}\n`), 10);
    return bytes;
  };

  it("any number of texts of width 0 take no bytes and are refused", () => {
    for (const [descr, shape] of [
      ["<U0", "100000000000,"],
      ["|S0", "65536, 2"],
      ["<U", "2000000000,"],
    ])
      expect(() => readNpy(empty(descr, shape), "scan.npz: note")).toThrow(/too much text; in scan.npz: note/);
    expect(readNpy(empty("<U0", "2,"), "test").data).toEqual(["", ""]);
  });

  it("very many short ones, and a very long one", () => {
    expect(() => readNpy(empty("|S1", "100000,", 100_000), "test")).toThrow(/too much text/);
    expect(() => readNpy(empty("|S67108865", "1,", 67_108_865), "test")).toThrow(/too much text/);
    const long = readNpy(
      empty("<U100000", "1,", 400_000)
        .fill(0x41, 128)
        .map((byte, i) => (i < 128 || i % 4 === 0 ? byte : 0)),
      "test",
    );
    expect(long.data).toEqual(["A".repeat(100_000)]);
  });
});

describe("round trips", () => {
  const types: Record<NumericDtype, { values: fc.Arbitrary<number>; array: new (values: number[]) => NumericData }> = {
    bool: { values: fc.integer({ min: 0, max: 1 }), array: Uint8Array },
    int8: { values: fc.integer({ min: -128, max: 127 }), array: Int8Array },
    uint8: { values: fc.integer({ min: 0, max: 255 }), array: Uint8Array },
    int16: { values: fc.integer({ min: -32768, max: 32767 }), array: Int16Array },
    uint16: { values: fc.integer({ min: 0, max: 65535 }), array: Uint16Array },
    int32: { values: fc.integer(), array: Int32Array },
    uint32: { values: fc.nat({ max: 0xffffffff }), array: Uint32Array },
    int64: { values: fc.maxSafeInteger(), array: Float64Array },
    uint64: { values: fc.maxSafeNat(), array: Float64Array },
    float16: { values: fc.integer({ min: -2048, max: 2048 }).map((n) => n / 1024), array: Float32Array },
    float32: { values: fc.float(), array: Float32Array },
    float64: { values: fc.double(), array: Float64Array },
    complex64: { values: fc.float(), array: Float32Array },
    complex128: { values: fc.double(), array: Float64Array },
  };
  const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });

  it.each(Object.entries(types))("%s", (dtype, { values, array: ArrayType }) => {
    const components = dtype.startsWith("complex") ? 2 : 1;
    const arrays = shapes.chain((shape) => {
      const length = components * shape.reduce((product, extent) => product * extent, 1);
      return fc.array(values, { minLength: length, maxLength: length }).map((items) => ({ shape, items }));
    });
    fc.assert(
      fc.property(arrays, ({ shape, items }) => {
        const array = { shape, dtype: dtype as NumericDtype, data: new ArrayType(items) };
        // -0 has no integer form; NaN equals NaN under toEqual.
        const back = readNpy(writeNpy(array), "test");
        expect(back.shape).toEqual(shape);
        expect(back.dtype).toBe(dtype);
        if (dtype.includes("int") || dtype === "bool")
          expect(Array.from(back.data as NumericData, (x) => x + 0)).toEqual(items.map((x) => x + 0));
        else expect(back.data).toEqual(array.data);
      }),
      { numRuns: 40 },
    );
  });

  it("every half-precision number", () => {
    const header = writeNpy({
      shape: [65536],
      dtype: "uint16",
      data: Uint16Array.from({ length: 65536 }, (_, i) => i),
    });
    const halves = header.slice();
    halves.set(Buffer.from("<f2"), Buffer.from(header).indexOf("<u2"));
    const values = readNpy(halves, "test").data as Float32Array;
    const again = writeNpy({ shape: [65536], dtype: "float16", data: values });
    const back = readNpy(again, "test").data as Float32Array;
    expect(back).toEqual(values);
  });

  it("half precision rounds to nearest, ties to even, and overflows to infinity", () => {
    const data = new Float32Array([
      1 + 1 / 2048,
      1 + 3 / 2048,
      65519,
      65520,
      2 ** -25,
      1.5 * 2 ** -24,
      2 ** -14 - 2 ** -26,
    ]);
    const back = readNpy(writeNpy({ shape: [7], dtype: "float16", data }), "test").data as Float32Array;
    expect(Array.from(back)).toEqual([1, 1 + 2 / 1024, 65504, Infinity, 0, 2 ** -23, 2 ** -14]);
  });

  it("text", () => {
    const text = fc.array(
      fc.string({ unit: "binary", maxLength: 6 }).filter((s) => !s.endsWith("\0")),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(text, (data) => {
        const array: NpyArray = { shape: [data.length], dtype: "string", data };
        expect(readNpy(writeNpy(array), "test")).toEqual(array);
      }),
    );
  });

  it("reads from any offset: elements need not be aligned in memory", () => {
    const file = writeNpy({ shape: [3], dtype: "float64", data: new Float64Array([1, 2, 3]) });
    for (let offset = 0; offset < 9; offset++) {
      const host = new Uint8Array(file.length + offset);
      host.set(file, offset);
      expect(Array.from(readNpy(host.subarray(offset), "test").data as Float64Array)).toEqual([1, 2, 3]);
    }
  });
});

describe("damaged files", () => {
  const file = writeNpy({ shape: [2, 3], dtype: "float32", data: new Float32Array(6) });

  it("says what is wrong", () => {
    expect(() => readNpy(file.subarray(0, 6), "a.npy")).toThrow(/truncated .npy header; in a.npy/);
    expect(() => readNpy(file.subarray(0, 60), "a.npy")).toThrow(/truncated .npy header/);
    expect(() => readNpy(file.subarray(0, file.length - 1), "a.npy")).toThrow(/truncated array.*24 bytes.*23 bytes/);
    expect(() => readNpy(new Uint8Array([...file, 0]), "a.npy")).toThrow(/bytes left over/);
    expect(() => readNpy(new TextEncoder().encode("PK not an array at all"), "a.npy")).toThrow(/not a .npy array/);
    const version9 = file.slice();
    version9[6] = 9;
    expect(() => readNpy(version9, "a.npy")).toThrow(/format version 9/);
  });

  it.each([
    ["'<f4'", "'<m8'"],
    ["(2, 3)", "(2, x)"],
    ["False", "Maybe"],
  ])("header with %s replaced by %s", (from, to) => {
    const text = Buffer.from(file).toString("latin1").replace(from, to);
    expect(() => readNpy(Uint8Array.from(Buffer.from(text, "latin1")), "a.npy")).toThrow(
      /unsupported dtype|broken .npy header/,
    );
  });

  it("a shape too large for any file is refused before memory is taken", () => {
    const text = Buffer.from(file).toString("latin1").replace("(2, 3), }              ", "(999999999, 999999999)}");
    expect(() => readNpyHeader(Uint8Array.from(Buffer.from(text, "latin1")), "a.npy")).toThrow(/absurd shape/);
  });
});
