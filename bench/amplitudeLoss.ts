/**
 * What the losses say about faulty objects of the grid-lines benchmark: the true one, blurred ones, ones that are wrong at the
 * border of the patch, ones whose amplitude or phase is off. `npm run bench:amplitude-loss -- --probe_file NPZ`
 */
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import type { ComplexArray } from "../src/arrays.ts";
import { gridPositions } from "../src/benchmark/geometry.ts";
import { type BenchmarkProbe, benchmarkProbe, geometryOf, type LinesSetup } from "../src/benchmark/linesData.ts";
import { linesImage } from "../src/benchmark/linesObject.ts";
import { probeScaleOf } from "../src/data/normalisation.ts";
import { openNpz } from "../src/formats/npz.ts";
import { gaussianFilter } from "../src/numerics/gaussianFilter.ts";
import { extractPatch } from "../src/optics/sampling.ts";
import { patchDiffraction } from "../src/physics/patchDiffraction.ts";
import { propagatorOf } from "../src/physics/propagation/propagators.ts";
import { Random } from "../src/random.ts";

const N = 64;
const SIZE = 392;
/** A window of every so many; they are 4 pixels apart. */
const EVERY = 101;
const PHOTONS = 1e9;

const { values } = parseArgs({ options: { probe_file: { type: "string" } } });
if (values.probe_file === undefined) throw new Error("npm run bench:amplitude-loss -- --probe_file NPZ");
const npz = openNpz(new Uint8Array(await readFile(values.probe_file)), values.probe_file);
const { shape: probeShape, data: probeData } = npz.readNumbers("probeGuess");
const measured: ComplexArray = { shape: [1, ...probeShape.slice(-2)], data: Float32Array.from(probeData) };

const { data: image } = linesImage(SIZE, false, new Random(1));
const amplitude = Float64Array.from({ length: SIZE ** 2 }, (_, i) => image[2 * i]);
const blurred = (sigma: number): Float64Array => gaussianFilter(amplitude, [SIZE, SIZE], sigma);
const random = new Random(2);
const noise = gaussianFilter(
  amplitude.map(() => random.normal()),
  [SIZE, SIZE],
  3,
);
const spread = Math.sqrt(noise.reduce((sum, value) => sum + value ** 2, 0) / noise.length);

/** An object as amplitude and phase of the whole image. */
interface Fault {
  readonly name: string;
  readonly amplitude?: Float64Array;
  readonly phase?: Float64Array;
  /** Where in the patch the fault is; elsewhere the truth. Default everywhere. */
  readonly only?: (y: number, x: number) => boolean;
  /** A constant of the same energy in each pattern. */
  readonly flat?: true;
  /** Half resolution: means of 2 × 2 pixels. */
  readonly halved?: true;
}

const inCentre = (y: number, x: number): boolean => [y, x].every((i) => i >= N / 4 && i < (3 * N) / 4);
const atBorder = (y: number, x: number): boolean => !inCentre(y, x);
const times = (relative: number): Float64Array =>
  amplitude.map((value, i) => value * (1 + (relative * noise[i]) / spread));

const faults: readonly Fault[] = [
  { name: "none: the true object" },
  { name: "flat, of each pattern's energy", flat: true },
  ...[0.5, 1, 2, 3, 4, 6].map((sigma) => ({ name: `amplitude blurred by σ = ${sigma}`, amplitude: blurred(sigma) })),
  { name: "border flat, of each pattern's energy", flat: true, only: atBorder },
  { name: "border at half resolution", halved: true, only: atBorder },
  { name: "centre blurred by σ = 4", amplitude: blurred(4), only: inCentre },
  ...[0.03, 0.1].flatMap((size) => [
    { name: `amplitude off by ${size}, σ = 3`, amplitude: times(size) },
    { name: `phase off by ${size} rad, σ = 3`, phase: noise.map((value) => (size * value) / spread) },
  ]),
];

function table(kind: BenchmarkProbe): void {
  const setup: LinesSetup = {
    ...{ n: N, gridsize: 1, images: 1, size: SIZE, setPhi: false, probe: kind, probeScaling: "pad_extrapolate" },
    ...{ probeSmoothing: 0.5, nphotons: PHOTONS, dataSeed: 1 },
  };
  const given = benchmarkProbe(setup, measured);
  const scale = probeScaleOf(given);
  const probe: ComplexArray = { shape: given.shape, data: given.data.map((value) => value * scale) };
  const positions = gridPositions(geometryOf(setup, "train"));
  const frames = Array.from({ length: Math.floor(positions.length / 2 / EVERY) }, (_, k) => EVERY * k);
  const diffraction = patchDiffraction(probe, propagatorOf());
  const cut = (of: Float64Array, frame: number): Float64Array => {
    const object = { shape: [SIZE, SIZE], data: new Float32Array(2 * SIZE ** 2) };
    for (let i = 0; i < of.length; i++) object.data[2 * i] = of[i];
    const patch = new Float64Array(2 * N * N);
    extractPatch(object, positions[2 * frame], positions[2 * frame + 1], N, patch);
    return Float64Array.from({ length: N * N }, (_, i) => patch[2 * i]);
  };
  const light = Float64Array.from({ length: N * N }, (_, i) => probe.data[2 * i] ** 2 + probe.data[2 * i + 1] ** 2);
  const truth = frames.map((frame) => cut(amplitude, frame));
  const energy = (patch: Float64Array): number => patch.reduce((sum, value, i) => sum + light[i] * value ** 2, 0);
  const meanEnergy = truth.reduce((sum, patch) => sum + energy(patch), 0) / truth.length;
  /** So that a pattern has (N/2)² on average, as in training. */
  const unit = N / 2 / Math.sqrt(meanEnergy);
  const perUnit = PHOTONS / (N / 2) ** 2;
  const shots = new Random(3);
  const intensity = (amplitudes: Float64Array, phases?: Float64Array): Float64Array => {
    const wave = new Float64Array(2 * N * N);
    amplitudes.forEach((value, i) => {
      wave[2 * i] = unit * value * Math.cos(phases?.[i] ?? 0);
      wave[2 * i + 1] = unit * value * Math.sin(phases?.[i] ?? 0);
    });
    return diffraction(wave).slice();
  };
  const counts = truth.map((patch) => intensity(patch).map((rate) => shots.poisson(rate * perUnit)));
  const inside = light.reduce((sum, value, i) => sum + (inCentre(Math.floor(i / N), i % N) ? value : 0), 0);
  console.log(`\n${kind} probe: ${((100 * inside) / (N / 2) ** 2).toFixed(0)} % of its light in the central half\n`);
  console.log("| fault | mean absolute error of amplitudes | Poisson deviance |\n|---|---|---|");
  for (const fault of faults) {
    let [error, deviance] = [0, 0];
    for (const [k, frame] of frames.entries()) {
      const wrong = patchOf(fault, truth[k], cut(fault.amplitude ?? amplitude, frame), energy, light);
      const phases = fault.phase === undefined ? undefined : cut(fault.phase, frame);
      const rates = intensity(wrong, phases);
      for (let i = 0; i < rates.length; i++) {
        const [rate, seen] = [rates[i] * perUnit + 1e-4, counts[k][i]];
        error += Math.abs(Math.sqrt(rates[i]) - Math.sqrt(seen / perUnit));
        deviance += 2 * (rate - seen + (seen > 0 ? seen * Math.log(seen / rate) : 0));
      }
    }
    const pixels = frames.length * N * N;
    console.log(`| ${fault.name} | ${(error / pixels).toFixed(4)} | ${(deviance / pixels).toPrecision(3)} |`);
  }
}

function patchOf(
  { flat, halved, only = () => true }: Fault,
  truth: Float64Array,
  given: Float64Array,
  energy: (patch: Float64Array) => number,
  light: Float64Array,
): Float64Array {
  const level = Math.sqrt(energy(truth) / light.reduce((sum, value) => sum + value, 0));
  const coarse = (y: number, x: number): number => {
    const at = 2 * (y >> 1) * N + 2 * (x >> 1);
    return (truth[at] + truth[at + 1] + truth[at + N] + truth[at + N + 1]) / 4;
  };
  return truth.map((value, i) => {
    const [y, x] = [Math.floor(i / N), i % N];
    if (!only(y, x)) return value;
    if (flat === true) return level;
    return halved === true ? coarse(y, x) : given[i];
  });
}

table("experimental");
table("ideal");
