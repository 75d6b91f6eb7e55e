import { describe, expect, it } from "vitest";
import type { ArrayFile } from "../../src/formats/arrayFile.ts";
import { openArrayFile } from "../../src/formats/containers.ts";

const open = (text: string, name = "positions.txt"): Promise<ArrayFile> =>
  openArrayFile(new TextEncoder().encode(text), name);

const table = { shape: [2, 2], dtype: "float64", data: Float64Array.of(1.5, -2, 3e-6, 4) };

describe("a table of numbers in text", () => {
  it.each([
    ["commas", "1.5, -2\n3e-6, 4\n"],
    ["semicolons", "1.5;-2\n3e-6;4"],
    ["tabs", "1.5\t-2\n3e-6\t4\n\n"],
    ["spaces, before and after too", "  1.5   -2 \n 3D-6 4\n"],
    ["lines of Windows", "1.5,-2\r\n3e-6,4\r\n"],
    ["lines of old Macs", "1.5,-2\r3e-6,4\r"],
    ["separators at the end", "1.5,-2,\n3e-6,4,\n"],
    ["a byte order mark", "\ufeff1.5,-2\n3e-6,4"],
  ])("separated by %s", async (_, text) => {
    const file = await open(text);
    expect([file.container, file.keys]).toEqual(["text", ["table"]]);
    expect(file.read("table")).toEqual(table);
  });

  it("with names, units and comments", async () => {
    const file = await open("# scan 12\nx (um), y [um]\n1.5,-2\n% half\n3e-6,4\n", "positions.csv");
    expect(file.keys).toEqual(["table", "x", "y"]);
    expect(file.read("table")).toEqual(table);
    expect(file.read("y")).toEqual({ shape: [2], dtype: "float64", data: Float64Array.of(-2, 4) });
    expect(file.attributes("x")["units"].data).toEqual(["um"]);
    expect(file.attributes("table")["columns"].data).toEqual(["x", "y"]);
    expect(file.attributes()["comments"].data).toEqual(["scan 12", "half"]);
  });

  it("with names in a comment, as NumPy writes them", async () => {
    const file = await open("# positions of scan 12\n# y x\n1.5 -2\n3e-6 4\n");
    expect(file.keys).toEqual(["table", "y", "x"]);
  });

  it("of one column, and of numbers that are none", async () => {
    expect((await open("1\n2\n3\n")).header("table").shape).toEqual([3, 1]);
    expect((await open("nan inf\n-Inf 1\n")).read("table").data).toEqual(
      Float64Array.of(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1),
    );
  });

  it("longer than what is read at a time", async () => {
    const rows = Array.from({ length: 30_000 }, (_, i) => [i, i / 7]);
    const file = await open(rows.map((row) => row.join(" ")).join("\r\n"));
    expect(Array.from(file.readNumbers("table").data)).toEqual(rows.flat());
  });

  it.each([
    ["another number of columns", "1,2\n3,4,5\n", /another number of columns.*line 2; expected 2.*got 3/],
    ["a word", "1,2\n3,up\n", /no number.*line 2.*got "up"/],
    ["an empty field", "1,2\n,4\n", /no number.*got ""/],
    ["decimal commas", "1,5;2,5\n3,0;4,5\n1;2\n", /no number.*decimal point, not a comma/],
  ])("is refused for %s, with the line", async (_, text, says) => {
    await expect(open(text)).rejects.toThrow(says);
  });

  it("is refused in no time where a field or a heading is without end", async () => {
    await expect(open(`1,2\n${"7".repeat(900_000)}x,3\n`)).rejects.toThrow(/no number.*line 2/);
    expect((await open(`# a${" ".repeat(900_000)}(um) b\n1 2\n`, "positions.csv")).keys).toEqual(["table"]);
  }, 5000);

  it("is not what prose is, or JSON", async () => {
    await expect(open("The positions\nare 1, 2 and 3.\n")).rejects.toThrow(/this is a text file/);
    await expect(open('{"a": 1}')).rejects.toThrow(/a text file \(JSON\)/);
  });
});

describe("commas that are decimal marks", () => {
  it.each([
    ["beside semicolons", "x;y\n1,5;2,5\n", /expected a decimal point, not a comma; got "1,5"/],
    ["beside tabs", "x\ty\n1,5\t2,5\n", /expected a decimal point, not a comma; got "1,5"/],
    ["beside commas", "x,y\n1,5,2,5\n3,5,4,5\n", /twice as many columns as names.*x, y; got 4/],
  ])("%s are refused", async (_, text, refusal) => {
    await expect(open(text, "positions.csv")).rejects.toThrow(refusal);
  });

  it("and quotes about names and numbers are no part of them", async () => {
    const file = await open('"x","y"\n"1.5",-2\n3e-6,"4"\n', "positions.csv");
    expect([file.keys, file.read("table")]).toEqual([["table", "x", "y"], table]);
  });
});
