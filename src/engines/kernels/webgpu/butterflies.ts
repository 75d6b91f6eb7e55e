/** Radices that are written out. Others are sums of all terms. */
export const RADICES: readonly number[] = [8, 7, 5, 4, 3, 2];

/**
 * WGSL of a function `pass_RADIX`: the j-th butterfly of a line in `room`, whose values begin at `source`, to `goal`. Its
 * inputs are a radix-th of the line apart; `before` is the product of the radices before. (Stockham's order.)
 */
export function butterfly(radix: number): string {
  const lines: string[] = [];
  const inputs = Array.from({ length: radix }, (_, i) => {
    const value = `room[source + j + ${i} * apart]`;
    return keep(i === 0 ? value : `times(factor(${i} * k * unit), ${value})`, lines);
  });
  const outputs = transform(inputs, lines);
  return `
fn pass_${radix}(before: u32, j: u32, source: u32, goal: u32) {
  let apart = u.length / ${radix};
  let k = j - before * over(j, before);
  let unit = apart / before;
  let first = goal + (j - k) * ${radix} + k;
  ${lines.join("\n  ")}
  ${outputs.map((output, i) => `room[first + ${i} * before] = ${output};`).join("\n  ")}
}`;
}

/** The same of a large radix, the o-th result of a line. */
export const LARGE_PASS = `
fn pass_large(radix: u32, before: u32, o: u32, source: u32, goal: u32) {
  let apart = u.length / radix;
  let i = over(o, apart);
  let j = o - i * apart;
  let k = j - before * over(j, before);
  let step = (k * (apart / before) + i * apart) % u.length;
  var sum = vec2f();
  var turn = 0u;
  for (var q = 0u; q < radix; q++) {
    sum += times(factor(turn), room[source + j + q * apart]);
    turn = (turn + step) % u.length;
  }
  room[goal + (j - k) * radix + k + i * before] = sum;
}`;

/** Appends what makes the transform of the values of expressions; returns expressions of the results. */
function transform(inputs: readonly string[], lines: string[]): string[] {
  const n = inputs.length;
  if (n === 1) return [...inputs];
  return n % 2 === 0 ? halves(inputs, lines) : oddTransform(inputs, lines);
}

const keep = (expression: string, lines: string[]): string => {
  const name = `t${lines.length}`;
  lines.push(`let ${name} = ${expression};`);
  return name;
};

/** Of the transforms of even and odd inputs. */
function halves(inputs: readonly string[], lines: string[]): string[] {
  const n = inputs.length;
  const even = transform(
    inputs.filter((_, i) => i % 2 === 0),
    lines,
  );
  const odd = transform(
    inputs.filter((_, i) => i % 2 === 1),
    lines,
  ).map((value, k) => keep(turned(value, k, n), lines));
  return Array.from({ length: n }, (_, k) => {
    const sign = k < n / 2 ? "+" : "-";
    return keep(`${even[k % (n / 2)]} ${sign} ${odd[k % (n / 2)]}`, lines);
  });
}

/** exp(−2πi k / n) times a value, k below n / 2. */
function turned(value: string, k: number, n: number): string {
  if (k === 0) return value;
  if (4 * k === n) return `vec2f(${value}.y, -${value}.x)`;
  const angle = (2 * Math.PI * k) / n;
  const [c, s] = [float(Math.cos(angle)), float(Math.sin(angle))];
  return `vec2f(${value}.x * ${c} + ${value}.y * ${s}, ${value}.y * ${c} - ${value}.x * ${s})`;
}

/** Of an odd number of inputs, by sums and differences of the k-th from both ends. */
function oddTransform(inputs: readonly string[], lines: string[]): string[] {
  const n = inputs.length;
  const pairs = Array.from({ length: (n - 1) / 2 }, (_, i) => {
    const [a, b] = [inputs[i + 1], inputs[n - 1 - i]];
    return { sum: keep(`${a} + ${b}`, lines), difference: keep(`${a} - ${b}`, lines) };
  });
  const outputs = [keep([inputs[0], ...pairs.map(({ sum }) => sum)].join(" + "), lines)];
  for (let k = 1; k <= (n - 1) / 2; k++) {
    const angle = (i: number): number => (2 * Math.PI * k * (i + 1)) / n;
    const along = pairs.map(({ sum }, i) => `${float(Math.cos(angle(i)))} * ${sum}`);
    const across = pairs.map(({ difference }, i) => `${float(Math.sin(angle(i)))} * ${difference}`);
    const a = keep([inputs[0], ...along].join(" + "), lines);
    const b = keep(across.join(" + "), lines);
    outputs[k] = keep(`vec2f(${a}.x + ${b}.y, ${a}.y - ${b}.x)`, lines);
    outputs[n - k] = keep(`vec2f(${a}.x - ${b}.y, ${a}.y + ${b}.x)`, lines);
  }
  return outputs;
}

const float = (value: number): string => {
  const single = Math.fround(value);
  return `(${Number.isInteger(single) ? single.toFixed(1) : `${single}`}f)`;
};
