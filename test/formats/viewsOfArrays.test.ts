import { describe, expect, it } from "vitest";
import type { ArrayFile, ChunkedElements } from "../../src/formats/arrayFile.ts";
import { asColumnMajor } from "../../src/formats/columnMajor.ts";
import { withJoined } from "../../src/formats/joinedArrays.ts";
import { decodeElements } from "../../src/formats/npy.ts";
import { openNpz, writeNpz } from "../../src/formats/npz.ts";
import { withEntries } from "../../src/formats/partOfArray.ts";
import { withTurnedImages } from "../../src/formats/turnedImages.ts";

/** Files in which an array stands for another view of what is stored: all ways of reading it must agree. */

const [count, height, width] = [5, 3, 4];
const values = Uint16Array.from({ length: 2 * count * height * width }, (_, i) => i + 300);
const stored = (): ArrayFile =>
  openNpz(
    writeNpz({
      a: { shape: [2, count, height, width], dtype: "uint16", data: values },
      wide: { shape: [2, height, width], dtype: "int64", data: Float64Array.from(values.subarray(0, 24)) },
      other: { shape: [2], dtype: "float64", data: Float64Array.of(1, 2) },
    }),
  );

function expectAgreement(file: ArrayFile, key: string): void {
  const header = file.header(key);
  const { data, shape } = file.readNumbers(key);
  expect(header.shape).toEqual(shape);
  const bytes = Buffer.concat([...file.elements(key)].map((piece) => Uint8Array.from(piece)));
  expect(bytes.length).toBe(header.dataBytes);
  expect(Array.from(decodeElements(header, bytes, key))).toEqual(Array.from(data));
  const size = shape.slice(-2).reduce((product, extent) => product * extent, 1);
  const images = data.length / size;
  for (let first = 0; first < images; first++)
    expect(Array.from(file.readImages(key, first, images - first))).toEqual(Array.from(data.subarray(first * size)));
  const place = file.storedAt(key);
  if (place !== undefined) expect(Array.from(place.source.read(place.offset, bytes.length))).toEqual(Array.from(bytes));
}

describe("turned images", () => {
  const turns = [false, true].flatMap((transposed) =>
    [false, true].flatMap((rowsReversed) =>
      [false, true].map((columnsReversed) => ({ transposed, rowsReversed, columnsReversed })),
    ),
  );
  it.each(turns)("$transposed $rowsReversed $columnsReversed", (turn) => {
    const file = withTurnedImages(stored(), "a", turn);
    expectAgreement(file, "a");
    expectAgreement(withTurnedImages(stored(), "wide", turn), "wide");
    expect(file.readNumbers("other").data).toEqual(Float64Array.of(1, 2));
    const [rows, columns] = turn.transposed ? [width, height] : [height, width];
    const image = file.readImages("a", 7, 1);
    for (let y = 0; y < rows; y++)
      for (let x = 0; x < columns; x++) {
        const row = turn.rowsReversed ? rows - 1 - y : y;
        const column = turn.columnsReversed ? columns - 1 - x : x;
        const from = turn.transposed ? column * width + row : row * width + column;
        expect(image[y * columns + x]).toBe(values[7 * height * width + from]);
      }
  });
});

describe("one entry of an array", () => {
  it.each([0, 1])("%i", (entry) => {
    const file = withEntries(stored(), (key) => (key === "other" ? undefined : entry));
    expectAgreement(file, "a");
    expectAgreement(file, "wide");
    expect(file.header("a").shape).toEqual([count, height, width]);
    expect(file.readNumbers("a").data).toEqual(values.subarray(entry * 60, (entry + 1) * 60));
    expect(file.header("other").shape).toEqual([2]);
  });
});

describe("views of some arrays", () => {
  const whole = { ...stored(), brokenLinks: ["lost"], alsoFrom: "other.h5", beside: [], chunked: () => chunks };
  const chunks = { extents: [2] } as unknown as ChunkedElements;
  const views = {
    turned: withTurnedImages(whole, "a", { transposed: true, rowsReversed: false, columnsReversed: false }),
    "in part": withEntries(whole, (key) => (key === "a" ? 1 : undefined)),
    "of MATLAB": asColumnMajor(whole, (key) => key === "a"),
    joined: withJoined(
      whole,
      "a+a",
      [
        { file: whole, key: "a" },
        { file: whole, key: "a" },
      ],
      "scan",
    ),
  };
  it.each(Object.entries(views))("%s: all else is passed on, whatever the file knows of it", (kind, view) => {
    const own = kind === "joined" ? "a+a" : "a";
    expect(view).toMatchObject({ container: "NPZ", brokenLinks: ["lost"], alsoFrom: "other.h5", beside: [] });
    expect(view.keys).toEqual([...new Set(["a", "wide", "other", own])]);
    expect([view.has(own), view.has("other"), view.has("nothing")]).toEqual([true, true, false]);
    expect(view.chunked?.("other")).toBe(chunks);
    // Chunks of another view are none of this.
    expect(view.chunked?.(own)).toBeUndefined();
    expect(view.read("other").data).toEqual(Float64Array.of(1, 2));
    if (kind !== "of MATLAB") expectAgreement(view, own);
  });

  it("of MATLAB: texts, whose order nobody asks for, stay as they are", () => {
    const texts = openNpz(writeNpz({ names: { shape: [2, 1], dtype: "string", data: ["x", "y"] } }));
    const view = asColumnMajor(texts);
    expect(view.header("names").shape).toEqual(view.read("names").shape);
  });
});
