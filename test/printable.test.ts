import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PtychonautError } from "../src/errors.ts";
import { printable, printableLine } from "../src/printable.ts";
import { obeyed } from "./obeyed.ts";

describe("text for a terminal", () => {
  it("control characters become escapes that JSON reads back", () => {
    expect(printable("\x1b[2J\x07\x9b31m\x7f")).toBe("\\u001b[2J\\u0007\\u009b31m\\u007f");
    expect(printable("a\tb\nc")).toBe("a\tb\nc");
    expect(printableLine("a\tb\nc\r")).toBe("a\\u0009b\\u000ac\\u000d");
    expect(JSON.parse(printable(JSON.stringify({ name: "\x9bevil\u202e" })))).toEqual({ name: "\x9bevil\u202e" });
  });

  it("text of any language stays", () => {
    for (const text of ["µm, Å, Ψ, ½", "試料", "пример", "😀", "e\u0301"]) expect(printable(text)).toBe(text);
  });

  it("nothing that is obeyed is left of any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(obeyed(printable(text))).toEqual([]);
        expect(printableLine(text)).not.toMatch(/[\n\r]/);
      }),
    );
    const low = Array.from({ length: 0x3000 }, (_, code) => String.fromCharCode(code)).join("");
    expect(obeyed(printable(low))).toEqual([]);
  });

  it("messages of errors have none; their details are as they were", () => {
    const error = new PtychonautError("data", 'no array "\x1b[31m"', { where: "scan\nerror: none.npz", got: "\x9b2J" });
    expect(error.message).toBe('no array "\\u001b[31m"; in scan\\u000aerror: none.npz; got \\u009b2J');
    expect(error.details.where).toBe("scan\nerror: none.npz");
  });
});
