// Writes butterflies.ts: the passes of the Fourier transform (fft.ts says how they are put together), straight-line code
// for each radix, because AssemblyScript has neither closures nor functions that return several values.
// A complex number z stands in two variables, zr and zi, of 4 lanes each: 4 transforms side by side.
import { existsSync, readFileSync, writeFileSync } from "node:fs";

/** Radices with code of their own; primes beyond them take the loops of prime.ts. */
export const RADICES = [2, 3, 4, 5, 7, 8];

const add = (a, b) => `f32x4.add(${a}, ${b})`;
const sub = (a, b) => `f32x4.sub(${a}, ${b})`;
const mul = (a, b) => `f32x4.mul(${a}, ${b})`;
const constant = (value) => `f32x4.splat(${value})`;

/** Statements that define complex variables of others. */
class Block {
  lines = [];
  real(name, expression) {
    this.lines.push(`const ${name} = ${expression};`);
  }
  complex(name, re, im) {
    this.real(`${name}r`, re);
    this.real(`${name}i`, im);
  }
  add(name, a, b) {
    this.complex(name, add(`${a}r`, `${b}r`), add(`${a}i`, `${b}i`));
  }
  sub(name, a, b) {
    this.complex(name, sub(`${a}r`, `${b}r`), sub(`${a}i`, `${b}i`));
  }
  /** a − i b */
  turnedDown(name, a, b) {
    this.complex(name, add(`${a}r`, `${b}i`), sub(`${a}i`, `${b}r`));
  }
  /** a + i b */
  turnedUp(name, a, b) {
    this.complex(name, sub(`${a}r`, `${b}i`), add(`${a}i`, `${b}r`));
  }
}

/** y = DFT of x0, x1 … of length r. */
function butterfly(r) {
  const block = new Block();
  if (r === 2) {
    block.add("y0", "x0", "x1");
    block.sub("y1", "x0", "x1");
  } else if (r === 4) butterfly4(block, ["x0", "x1", "x2", "x3"], ["y0", "y1", "y2", "y3"], "");
  else if (r === 8) butterfly8(block);
  else oddButterfly(block, r);
  return block.lines;
}

function butterfly4(block, [x0, x1, x2, x3], [y0, y1, y2, y3], prefix) {
  const [a, b, c, d] = ["a", "b", "c", "d"].map((name) => `${prefix}${name}`);
  block.add(a, x0, x2);
  block.sub(b, x0, x2);
  block.add(c, x1, x3);
  block.sub(d, x1, x3);
  block.add(y0, a, c);
  block.sub(y2, a, c);
  block.turnedDown(y1, b, d);
  block.turnedUp(y3, b, d);
}

/** Two of length 4, of even and of odd elements; odd ones turned by eighths. */
function butterfly8(block) {
  butterfly4(block, ["x0", "x2", "x4", "x6"], ["e0", "e1", "e2", "e3"], "e");
  butterfly4(block, ["x1", "x3", "x5", "x7"], ["o0", "o1", "o2", "o3"], "o");
  block.add("y0", "e0", "o0");
  block.sub("y4", "e0", "o0");
  block.turnedDown("y2", "e2", "o2");
  block.turnedUp("y6", "e2", "o2");
  block.real("h", constant(Math.SQRT1_2));
  // o1 exp(−iπ/4) and o3 exp(−3iπ/4).
  block.complex("p", mul(add("o1r", "o1i"), "h"), mul(sub("o1i", "o1r"), "h"));
  block.complex("q", mul(sub("o3i", "o3r"), "h"), mul(add("o3r", "o3i"), "h"));
  block.add("y1", "e1", "p");
  block.sub("y5", "e1", "p");
  block.complex("y3", add("e3r", "qr"), sub("e3i", "qi"));
  block.complex("y7", sub("e3r", "qr"), add("e3i", "qi"));
}

/** Elements j and r − j meet the same cosine and opposite sines. */
function oddButterfly(block, r) {
  const half = (r - 1) / 2;
  const pairs = Array.from({ length: half }, (_, j) => j + 1);
  for (const j of pairs) {
    block.add(`s${j}`, `x${j}`, `x${r - j}`);
    block.sub(`d${j}`, `x${j}`, `x${r - j}`);
  }
  const total = (part) => pairs.reduce((sum, j) => add(sum, `s${j}${part}`), `x0${part}`);
  block.complex("y0", total("r"), total("i"));
  for (const k of pairs) {
    const angle = (j) => (2 * Math.PI * ((j * k) % r)) / r;
    const even = (part) =>
      pairs.reduce((sum, j) => add(sum, mul(`s${j}${part}`, constant(Math.cos(angle(j))))), `x0${part}`);
    const odd = (part) => pairs.map((j) => mul(`d${j}${part}`, constant(Math.sin(angle(j))))).reduce(add);
    block.complex(`t${k}`, even("r"), even("i"));
    block.complex(`u${k}`, odd("r"), odd("i"));
    block.turnedDown(`y${k}`, `t${k}`, `u${k}`);
    block.turnedUp(`y${r - k}`, `t${k}`, `u${k}`);
  }
}

const range = (from, to) => Array.from({ length: to - from }, (_, i) => from + i);

/** A pass that splits transforms of `length` into r of length / r, in decimation of frequencies. */
function pass(r) {
  const turned = (j) => [
    sub(mul(`y${j}r`, `w${j}r`), mul(`y${j}i`, `w${j}i`)),
    add(mul(`y${j}r`, `w${j}i`), mul(`y${j}i`, `w${j}r`)),
  ];
  return `
function pass${r}(
  src: usize, srcStride: usize, dst: usize, dstStride: usize, n: i32, length: i32, twiddles: usize, bytes: usize,
): void {
  const part = length / ${r};
  const srcPart = <usize>part * srcStride, dstPart = <usize>part * dstStride;
  const srcLength = <usize>length * srcStride, dstLength = <usize>length * dstStride;
  const srcEnd = src + <usize>n * srcStride;
  for (let k = 0; k < part; k++, twiddles += ${8 * (r - 1)}) {
${range(1, r)
  .map(
    (j) =>
      `    const w${j}r = v128.load32_splat(twiddles, ${8 * (j - 1)}), w${j}i = v128.load32_splat(twiddles, ${8 * (j - 1) + 4});`,
  )
  .join("\n")}
    let s = src + <usize>k * srcStride, d = dst + <usize>k * dstStride;
    for (; s < srcEnd; s += srcLength, d += dstLength) {
      let s0 = s, d0 = d;
      for (const end = s + bytes; s0 < end; s0 += 32, d0 += 32) {
${range(1, r)
  .map((j) => `        const s${j} = s${j - 1} + srcPart, d${j} = d${j - 1} + dstPart;`)
  .join("\n")}
${range(0, r)
  .map((j) => `        const x${j}r = v128.load(s${j}), x${j}i = v128.load(s${j}, 16);`)
  .join("\n")}
${butterfly(r)
  .map((line) => `        ${line}`)
  .join("\n")}
        v128.store(d0, y0r); v128.store(d0, y0i, 16);
${range(1, r)
  .map((j) => `        v128.store(d${j}, ${turned(j)[0]}); v128.store(d${j}, ${turned(j)[1]}, 16);`)
  .join("\n")}
      }
    }
  }
}
`;
}

/** The last pass: neighbours meet, and results go to their places: frequency order[block] + j n / r. */
function last(r) {
  return `
function last${r}(
  src: usize, srcStride: usize, dst: usize, dstStride: usize, n: i32, order: usize, bytes: usize,
): void {
  const part = n / ${r};
  const dstPart = <usize>part * dstStride, srcBlock = <usize>${r} * srcStride;
  for (const end = order + (<usize>part << 2); order < end; order += 4, src += srcBlock) {
    let s0 = src, d0 = dst + <usize>load<i32>(order) * dstStride;
    for (const end = src + bytes; s0 < end; s0 += 32, d0 += 32) {
${range(1, r)
  .map((j) => `      const s${j} = s${j - 1} + srcStride, d${j} = d${j - 1} + dstPart;`)
  .join("\n")}
${range(0, r)
  .map((j) => `      const x${j}r = v128.load(s${j}), x${j}i = v128.load(s${j}, 16);`)
  .join("\n")}
${butterfly(r)
  .map((line) => `      ${line}`)
  .join("\n")}
${range(0, r)
  .map((j) => `      v128.store(d${j}, y${j}r); v128.store(d${j}, y${j}i, 16);`)
  .join("\n")}
    }
  }
}
`;
}

const choose = (call) =>
  RADICES.map((r, i) => `${i === 0 ? "  " : " else "}if (radix == ${r}) ${call(r)};`).join("\n ");

const text = `// Written by generateFft.mjs.
${RADICES.map(pass).join("")}${RADICES.map(last).join("")}
export function pass(
  radix: i32,
  src: usize, srcStride: usize, dst: usize, dstStride: usize, n: i32, length: i32, twiddles: usize, bytes: usize,
): void {
${choose((r) => `pass${r}(src, srcStride, dst, dstStride, n, length, twiddles, bytes)`)}
}

export function last(
  radix: i32,
  src: usize, srcStride: usize, dst: usize, dstStride: usize, n: i32, order: usize, bytes: usize,
): void {
${choose((r) => `last${r}(src, srcStride, dst, dstStride, n, order, bytes)`)}
}
`;

const output = new URL("butterflies.ts", import.meta.url);
// The same text is not written again: what is newer than the compiled module makes it compile.
if (!existsSync(output) || readFileSync(output, "utf8") !== text) writeFileSync(output, text);
