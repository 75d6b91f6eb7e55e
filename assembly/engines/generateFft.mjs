// Writes butterflies.ts: the passes of the Fourier transform (fft.ts says how they are put together), straight-line code
// for each radix, because AssemblyScript has neither closures nor functions that return several values.
// A complex number z stands in two variables, zr and zi, of 4 lanes each: 4 transforms side by side.
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";

/** Radices with code of their own; primes beyond them take the loops of prime.ts. */
const RADICES = [2, 3, 4, 5, 7, 8];

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
  else if (r === 5) butterfly5(block);
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

/** As `oddButterfly`, with cosines as −1/4 ± √5/4. */
function butterfly5(block) {
  for (const j of [1, 2]) {
    block.add(`s${j}`, `x${j}`, `x${5 - j}`);
    block.sub(`d${j}`, `x${j}`, `x${5 - j}`);
  }
  block.add("a", "s1", "s2");
  block.add("y0", "x0", "a");
  const [sine1, sine2] = [1, 2].map((j) => constant(Math.sin((2 * Math.PI * j) / 5)));
  for (const part of ["r", "i"]) {
    block.real(`m${part}`, sub(`x0${part}`, mul(`a${part}`, constant(0.25))));
    block.real(`n${part}`, mul(sub(`s1${part}`, `s2${part}`), constant(Math.sqrt(5) / 4)));
    block.real(`u1${part}`, add(mul(`d1${part}`, sine1), mul(`d2${part}`, sine2)));
    block.real(`u2${part}`, sub(mul(`d1${part}`, sine2), mul(`d2${part}`, sine1)));
  }
  block.add("t1", "m", "n");
  block.sub("t2", "m", "n");
  for (const k of [1, 2]) {
    block.turnedDown(`y${k}`, `t${k}`, `u${k}`);
    block.turnedUp(`y${5 - k}`, `t${k}`, `u${k}`);
  }
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

const lines = (from, to, write) => range(from, to).map(write).join("\n");

/** How a pass finds its numbers: code for element j at pointer sj. */
const LOADS = {
  blocked: (j) => `const x${j}r = v128.load(s${j}), x${j}i = v128.load(s${j}, 16);`,
  interleaved: (j) =>
    `const a${j} = v128.load(s${j}), b${j} = v128.load(s${j}, 16), x${j}r = evens(a${j}, b${j}), x${j}i = odds(a${j}, b${j});`,
  turned: (j) => {
    if (j === 0) return LOADS.blocked(0);
    const re = sub(mul(`z${j}r`, `w${j}r`), mul(`z${j}i`, `w${j}i`));
    const im = add(mul(`z${j}r`, `w${j}i`), mul(`z${j}i`, `w${j}r`));
    return `const z${j}r = v128.load(s${j}), z${j}i = v128.load(s${j}, 16), x${j}r = ${re}, x${j}i = ${im};`;
  },
};

/**
 * A pass splits transforms of `length` into r of length / r, in decimation of frequencies. Result j goes to part
 * `firstPart + (j − 1) × nextPart` bytes on, backwards in the inverse, whose twiddles are arranged for that.
 */
const pointers = (r) => `${lines(1, r, (j) => `const s${j} = s${j - 1} + srcPart;`)}
${lines(1, r, (j) => `const d${j} = ${j === 1 ? "d0 + firstPart" : `d${j - 1} + nextPart`};`)}`;

/**
 * Each number is loaded right before it is first used, and stored once it is there: compilers keep the order of loads and
 * stores, and with all loads in front there are not enough registers. In place this is right because every result
 * needs all elements.
 */
function butterflyOf(r, load, store) {
  const written = [pointers(r)];
  const loaded = new Set();
  const defined = new Set();
  for (const line of butterfly(r)) {
    for (const [, j] of line.matchAll(/\bx(\d+)[ri]\b/g)) {
      if (!loaded.has(j)) written.push(LOADS[load](Number(j)));
      loaded.add(j);
    }
    written.push(line);
    const result = /^const (y(\d+)[ri]) /.exec(line);
    if (result === null) continue;
    const [, name, j] = result;
    defined.add(name);
    if (defined.has(`y${j}r`) && defined.has(`y${j}i`)) written.push(store(Number(j)));
  }
  return written.join("\n");
}

const plainStore = (j) => `v128.store(d${j}, y${j}r); v128.store(d${j}, y${j}i, 16);`;

const turnedStore = (j) => {
  if (j === 0) return plainStore(0);
  const re = sub(mul(`y${j}r`, `w${j}r`), mul(`y${j}i`, `w${j}i`));
  const im = add(mul(`y${j}r`, `w${j}i`), mul(`y${j}i`, `w${j}r`));
  return `v128.store(d${j}, ${re}); v128.store(d${j}, ${im}, 16);`;
};

/** Lines side by side in lanes, `bytes` of them an element. */
const pass = (r, load, name) => `
function ${name}${r}(
  src: usize, srcStride: usize, dst: usize, dstStride: usize, n: i32, length: i32, reversed: bool,
  twiddles: usize, bytes: usize,
): void {
  const part = <usize>(length / ${r}), srcPart = part * srcStride, dstPart = part * dstStride;
  const firstPart: usize = reversed ? ${r - 1} * dstPart : dstPart, nextPart: usize = reversed ? 0 - dstPart : dstPart;
  const srcLength = <usize>length * srcStride, dstLength = <usize>length * dstStride;
  const srcEnd = src + <usize>n * srcStride;
  for (let k: usize = 0; k < part; k++, twiddles += ${8 * (r - 1)}) {
${lines(1, r, (j) => `const w${j}r = v128.load32_splat(twiddles, ${8 * (j - 1)}), w${j}i = v128.load32_splat(twiddles, ${8 * (j - 1) + 4});`)}
    let s = src + k * srcStride, d = dst + k * dstStride;
    for (; s < srcEnd; s += srcLength, d += dstLength) {
      let s0 = s, d0 = d;
      for (const end = s + bytes; s0 < end; s0 += 32, d0 += 32) {
${butterflyOf(r, load, turnedStore)}
      }
    }
  }
}
`;

/** The last pass: neighbours meet, and results go to their places: frequency order[block] + j n / r. */
const last = (r) => `
function last${r}(
  src: usize, srcPart: usize, dst: usize, dstStride: usize, n: i32, reversed: bool, order: usize, bytes: usize,
): void {
  const part = <usize>(n / ${r}), dstPart = part * dstStride, srcBlock: usize = ${r} * srcPart;
  const firstPart: usize = reversed ? ${r - 1} * dstPart : dstPart, nextPart: usize = reversed ? 0 - dstPart : dstPart;
  for (const end = order + (part << 2); order < end; order += 4, src += srcBlock) {
    let s0 = src, d0 = dst + <usize>load<i32>(order) * dstStride;
    for (const end = src + bytes; s0 < end; s0 += 32, d0 += 32) {
${butterflyOf(r, "blocked", plainStore)}
    }
  }
}
`;

/** One line after the other, blocked: 4 neighbours in lanes. Pitches are in bytes. */
const rowPass = (r) => `
function rowPass${r}(
  src: usize, srcPitch: usize, dst: usize, dstPitch: usize, n: i32, length: i32, reversed: bool,
  twiddles: usize, rows: i32,
): void {
  const srcPart = <usize>(length / ${r}) << 3, srcLength = <usize>length << 3;
  const firstPart: usize = reversed ? ${r - 1} * srcPart : srcPart, nextPart: usize = reversed ? 0 - srcPart : srcPart;
  for (let k: usize = 0; k < srcPart; k += 32, twiddles += ${32 * (r - 1)}) {
${lines(1, r, (j) => `const w${j}r = v128.load(twiddles, ${32 * (j - 1)}), w${j}i = v128.load(twiddles, ${32 * (j - 1) + 16});`)}
    for (let at = k; at < <usize>n << 3; at += srcLength) {
      let s0 = src + at, d0 = dst + at;
      for (const end = s0 + <usize>rows * srcPitch; s0 < end; s0 += srcPitch, d0 += dstPitch) {
${butterflyOf(r, "blocked", turnedStore)}
      }
    }
  }
}
`;

/** The adjoint of rowPass, in place: elements are turned first, and the butterfly is the inverse. */
const rowPassBack = (r) => `
function rowPassBack${r}(src: usize, pitch: usize, n: i32, length: i32, twiddles: usize, rows: i32): void {
  const srcPart = <usize>(length / ${r}) << 3, srcLength = <usize>length << 3;
  const firstPart: usize = ${r - 1} * srcPart, nextPart: usize = 0 - srcPart;
  for (let k: usize = 0; k < srcPart; k += 32, twiddles += ${32 * (r - 1)}) {
${lines(1, r, (j) => `const w${j}r = v128.load(twiddles, ${32 * (j - 1)}), w${j}i = v128.load(twiddles, ${32 * (j - 1) + 16});`)}
    for (let at = k; at < <usize>n << 3; at += srcLength) {
      let s0 = src + at;
      for (const end = s0 + <usize>rows * pitch; s0 < end; s0 += pitch) {
        const d0 = s0;
${butterflyOf(r, "turned", plainStore)}
      }
    }
  }
}
`;

const choose = (call) =>
  RADICES.map((r, i) => `${i === 0 ? "  " : " else "}if (radix == ${r}) ${call(r)};`).join("\n ");

const dispatch = (name, types, names) => `
export function ${name}(radix: i32, ${types}): void {
${choose((r) => `${name}${r}(${names})`)}
}
`;

const PASS = [
  "src: usize, srcStride: usize, dst: usize, dstStride: usize, n: i32, length: i32, reversed: bool, twiddles: usize, bytes: usize",
  "src, srcStride, dst, dstStride, n, length, reversed, twiddles, bytes",
];

const text = `// Written by generateFft.mjs.
import { evens, odds } from "./layout";

/** The largest radix that has code here. */
export const RADIX_LIMIT: i32 = ${Math.max(...RADICES)};
${RADICES.map((r) => pass(r, "blocked", "pass") + pass(r, "interleaved", "columnPass") + last(r) + rowPass(r) + rowPassBack(r)).join("")}
${dispatch("pass", ...PASS)}
${dispatch("columnPass", ...PASS)}
${dispatch(
  "last",
  "src: usize, srcStride: usize, dst: usize, dstStride: usize, n: i32, reversed: bool, order: usize, bytes: usize",
  "src, srcStride, dst, dstStride, n, reversed, order, bytes",
)}
${dispatch(
  "rowPass",
  "src: usize, srcPitch: usize, dst: usize, dstPitch: usize, n: i32, length: i32, reversed: bool, twiddles: usize, rows: i32",
  "src, srcPitch, dst, dstPitch, n, length, reversed, twiddles, rows",
)}
${dispatch(
  "rowPassBack",
  "src: usize, pitch: usize, n: i32, length: i32, twiddles: usize, rows: i32",
  "src, pitch, n, length, twiddles, rows",
)}`;

const output = new URL("butterflies.ts", import.meta.url);
// The same text is not written again: what is newer than the compiled module makes it compile.
if (!existsSync(output) || readFileSync(output, "utf8") !== text) {
  // Another program may compile at once, and must not see half of the file.
  const part = new URL(`butterflies.${process.pid}.part`, import.meta.url);
  writeFileSync(part, text);
  renameSync(part, output);
}
