/**
 * A small bitmap font for figures, five pixels wide and seven high, drawn for this project. A glyph is a string of
 * two-digit hexadecimal rows from the top; bit 4 is the left column; nine rows mean a descender.
 */
// biome-ignore format: one glyph beside the other
const glyphs: Readonly<Record<string, string>> = {
  A: "0e11111f111111", B: "1e11111e11111e", C: "0e11101010110e", D: "1e11111111111e", E: "1f10101e10101f",
  F: "1f10101e101010", G: "0e11101711110f", H: "1111111f111111", I: "0e04040404040e", J: "0702020202120c",
  K: "11121418141211", L: "1010101010101f", M: "111b1515111111", N: "11111915131111", O: "0e11111111110e",
  P: "1e11111e101010", Q: "0e11111115120d", R: "1e11111e141211", S: "0f10100e01011e", T: "1f040404040404",
  U: "1111111111110e", V: "11111111110a04", W: "1111111515150a", X: "11110a040a1111", Y: "1111110a040404",
  Z: "1f01020408101f",
  a: "00000e010f110f", b: "1010161911111e", c: "00000e1010110e", d: "01010d1311110f", e: "00000e111f100e",
  f: "0609081c080808", g: "00000f1111110f010e", h: "10101619111111", i: "04000c0404040e", j: "02000602020202120c",
  k: "10101214181412", l: "0c04040404040e", m: "00001a15151111", n: "00001619111111", o: "00000e1111110e",
  p: "00001e1111111e1010", q: "00000f1111110f0101", r: "00001619101010", s: "00000e100e011e", t: "08081c08080906",
  u: "0000111111130d", v: "00001111110a04", w: "0000111115150a", x: "0000110a040a11", y: "0000111111110f010e",
  z: "00001f0204081f",
  0: "0e11111111110e", 1: "040c040404040e", 2: "0e11010204081f", 3: "1f02040201110e", 4: "02060a121f0202",
  5: "1f101e0101110e", 6: "0608101e11110e", 7: "1f010204080808", 8: "0e11110e11110e", 9: "0e11110f01020c",
  ".": "00000000000c0c", ",": "0000000000000c0408", ":": "000c0c000c0c00", ";": "000c0c00000c0408",
  "-": "0000001e000000", "−": "0000001e000000", "–": "0000001f000000", "+": "0004041f040400", "=": "00001f001f0000",
  "/": "01020204080810", "(": "02040808080402", ")": "08040202020408", "[": "0e08080808080e", "]": "0e02020202020e",
  "%": "18190204081303", _: "0000000000001f", "*": "0004150e150400", "'": "0c040800000000", '"': "0a0a0a00000000",
  "!": "04040404040004", "?": "0e110102040004", "#": "0a0a1f0a1f0a0a", "<": "02040810080402", ">": "08040201020408",
  "|": "04040404040404", "&": "0c12140815120d", "^": "040a1100000000", "~": "00000815020000",
  µ: "0000111111131d1010", μ: "0000111111131d1010", π: "00001f0a0a0a11", "²": "0c1204081e0000", Å: "040a040e111f11",
  "×": "00110a040a1100", "°": "0c12120c000000", "·": "0000000c0c0000",
};

const missing = "1f11111111111f";
const spaceWidth = 3;

/** Rows above the baseline; descenders use two more below. */
export const glyphHeight = 7;

/** Width of a line of text in font pixels. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) width += glyphOf(character).width + 1;
  return Math.max(0, width - 1);
}

/** Calls `dot(row, column)` for every inked font pixel of a line of text; row 0 is the top of capital letters. */
export function forEachDot(text: string, dot: (row: number, column: number) => void): void {
  let left = 0;
  for (const character of text) {
    const { rows, first, width } = glyphOf(character);
    rows.forEach((bits, row) => {
      for (let column = 0; column < width; column++) if (bits & (16 >> (first + column))) dot(row, left + column);
    });
    left += width + 1;
  }
}

/** Letters are set proportionally: a glyph's width is that of its ink. */
function glyphOf(character: string): { rows: number[]; first: number; width: number } {
  if (character === " ") return { rows: [], first: 0, width: spaceWidth };
  const code = glyphs[character] ?? missing;
  const rows = Array.from({ length: code.length / 2 }, (_, i) => Number.parseInt(code.slice(2 * i, 2 * i + 2), 16));
  const ink = rows.reduce((a, b) => a | b, 0);
  const first = Math.clz32(ink) - 27;
  const last = 4 - (31 - Math.clz32(ink & -ink));
  return { rows, first, width: last - first + 1 };
}
