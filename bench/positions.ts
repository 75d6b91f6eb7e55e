/**
 * What a scan of n patterns costs in the parts that look at pairs of positions: neighbours, parts of the scan, and the alignment
 * of phases, for 10⁴, 3·10⁴ and 10⁵ patterns, also with a far position and with repeated ones.
 * `npm run bench:positions -- [PATTERNS ...]`
 */
import { complexZeros } from "../src/arrays.ts";
import { nearestNeighbours } from "../src/data/neighbours.ts";
import { scanParts } from "../src/data/scanParts.ts";
import { planCanvas } from "../src/inference/canvas.ts";
import { nearestFirstOrder } from "../src/inference/nearestFirst.ts";
import { uniformWeights } from "../src/inference/patchWeights.ts";
import { alignPhases } from "../src/inference/phaseAlignment.ts";
import { Random } from "../src/random.ts";

const STEP = 4;
const TRIM = 8;

function raster(count: number): Float64Array {
  const random = new Random(1);
  const side = Math.ceil(Math.sqrt(count));
  return Float64Array.from({ length: 2 * count }, (_, i) => {
    const k = i >> 1;
    return STEP * (i & 1 ? k % side : Math.floor(k / side)) + 0.5 * random.uniform();
  });
}

const withOutlier = (positions: Float64Array): Float64Array => Float64Array.from([...positions.slice(2), 1e9, 1e9]);
const repeated = (count: number): Float64Array => new Float64Array(2 * count).fill(7);

const all = (positions: Float64Array): number[] => Array.from({ length: positions.length / 2 }, (_, k) => k);
const neighbours = (positions: Float64Array): unknown => nearestNeighbours(positions, all(positions), 4);

/** Noisy patches of a flat object, each with a phase of its own, which the passes have to work on. */
async function align(positions: Float64Array): Promise<unknown> {
  const random = new Random(2);
  const patches = complexZeros([positions.length / 2, TRIM, TRIM]);
  for (let i = 0; i < patches.data.length; i++) patches.data[i] = (i & 1 ? 0 : 1) + 0.2 * random.normal();
  return alignPhases(patches, positions, {
    canvas: planCanvas(positions, TRIM),
    trim: TRIM,
    weights: uniformWeights(TRIM),
    maxSweeps: 5,
    tolerance: 0,
  });
}

const tasks: readonly [string, (count: number) => unknown][] = [
  ["neighbours, raster", (count) => neighbours(raster(count))],
  ["neighbours, raster and a far position", (count) => neighbours(withOutlier(raster(count)))],
  ["neighbours, one position repeated", (count) => neighbours(repeated(count))],
  ["parts of the scan", (count) => scanParts(raster(count), TRIM)],
  ["order of the alignment", (count) => nearestFirstOrder(raster(count))],
  ["order of the alignment, repeated", (count) => nearestFirstOrder(repeated(count))],
  ["alignment of phases, five passes", (count) => align(raster(count))],
];

const counts = process.argv.slice(2).map(Number);
const sizes = counts.length > 0 ? counts : [10_000, 30_000, 100_000];
console.log(`| seconds | ${sizes.map((size) => size.toLocaleString("en")).join(" | ")} |`);
console.log(`| --- |${" ---: |".repeat(sizes.length)}`);
await align(raster(1_000));
for (const [name, run] of tasks) {
  const seconds: string[] = [];
  for (const size of sizes) {
    const start = performance.now();
    await run(size);
    seconds.push(((performance.now() - start) / 1000).toFixed(2));
  }
  console.log(`| ${name} | ${seconds.join(" | ")} |`);
}
