import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ComplexArray } from "../src/arrays.ts";
import type { Settings } from "../src/config/group.ts";
import type { ModelConfig } from "../src/config/modelConfig.ts";
import { completeModel } from "../src/config/resolve/complete.ts";
import { parseSettings } from "../src/config/schema.ts";
import { assembleBatch, type Batch, type BatchSource, planEpoch } from "../src/data/batches.ts";
import type { Dataset } from "../src/data/dataset.ts";
import { groupGeometry, largestOffset } from "../src/data/groupGeometry.ts";
import { makeGroups } from "../src/data/grouping.ts";
import { computeScales, scaledProbe } from "../src/data/normalisation.ts";
import type { NumericArray } from "../src/formats/npy.ts";
import { openNpz, writeNpz } from "../src/formats/npz.ts";
import { predictionGraph } from "../src/inference/predictionModel.ts";
import { cnnLayout } from "../src/nets/cnnLayout.ts";
import { initialise, type ParameterValues } from "../src/nets/parameters.ts";
import { Random } from "../src/random.ts";
import { simulate } from "../src/simulation/simulate.ts";
import type { StepBatch } from "../src/training/trainingStep.ts";

/** A network and its data. */
export interface Case {
  readonly N: number;
  readonly gridsize: number;
  /** Other model settings than the defaults. */
  readonly settings?: Settings;
}

export const cases: readonly Case[] = [
  { N: 64, gridsize: 1 },
  { N: 64, gridsize: 2 },
  { N: 128, gridsize: 1 },
];

/** For file names and for the option `--case`. */
export const nameOf = ({ N, gridsize }: Case): string => `n${N}c${gridsize ** 2}`;

const SEED = 20;
const BATCH = 16;
/** Different batches; runs take them in turn. */
const BATCHES = 3;

/** What a contender in another language has to know beside the arrays; `problem.json`. */
interface Sizes {
  readonly N: number;
  readonly gridsize: number;
  readonly batch: number;
  readonly channels: number;
  readonly encoder: readonly number[];
  readonly decoder: readonly number[];
  /** Patches of a group are merged into one object. */
  readonly merged: boolean;
  readonly canvasSide: number;
  readonly countsPerUnit: number;
  readonly epochs?: readonly Epoch[];
}

/** How an epoch of a whole training goes. */
export interface Epoch {
  readonly learningRate: number;
  /** Patterns in the order in which they are taken: indices into all batches, one after the other. */
  readonly order: readonly number[];
}

/** The same weights and inputs for every contender. */
export interface Problem {
  readonly model: ModelConfig;
  readonly batch: number;
  readonly canvasSide: number;
  readonly scales: { readonly countsPerUnit: number };
  /** `[1, N, N]`, scaled. */
  readonly probe: ComplexArray;
  readonly weights: ParameterValues;
  readonly batches: readonly StepBatch[];
  readonly epochs: readonly Epoch[];
}

/** Simulates a scan and writes it as a problem. */
export async function writeProblem(one: Case, folder: string): Promise<void> {
  const dataset = simulate({ n: one.N, patterns: BATCH * BATCHES, seed: SEED });
  await writeProblemOf(dataset, { ...one, batch: BATCH }, folder);
}

/**
 * Makes batches of a scan, in random order, and fresh weights, and writes them as `problem.npz` and `problem.json`.
 * Patterns that fill no batch are left out.
 */
export async function writeProblemOf(
  dataset: Dataset,
  { batch, epochs, ...one }: Case & Pick<Sizes, "batch" | "epochs">,
  folder: string,
  seed = SEED,
): Promise<void> {
  const model = modelOf(one);
  const channels = one.gridsize ** 2;
  const frames = Array.from({ length: dataset.patterns.count }, (_, frame) => frame);
  const scales = computeScales(dataset, frames);
  const neighbours = { kind: "nearest", count: Math.max(1, channels - 1) } as const;
  const groups = makeGroups(dataset.positions, frames, { size: channels, neighbours, sequential: true }, new Random(1));
  const geometry = groupGeometry(dataset.positions, groups);
  const { patterns, measurement } = dataset;
  const source: BatchSource = { patterns, measurement, scales, groups, geometry };
  const requests = planEpoch(groups.count, batch, new Random(seed)).filter(({ weights }) => weights.at(-1) === 1);
  const batches = requests.map((request) => assembleBatch(source, request));
  const weights = initialise(predictionGraph(model, batch).specs, new Random(seed));
  const sizes: Sizes = {
    ...one,
    batch,
    ...(epochs === undefined ? {} : { epochs }),
    channels,
    ...cnnLayout(one.N, model.nFiltersScale),
    merged: model.objectBig,
    canvasSide: one.N + 2 * Math.ceil(largestOffset(geometry)),
    countsPerUnit: scales.countsPerUnit,
  };
  const probe = scaledProbe(dataset.probe, scales);
  const arrays = {
    images: stacked(batches, "images", [batch, channels, one.N, one.N]),
    offsets: stacked(batches, "offsets", [batch, channels, 2]),
    probe: { shape: probe.shape, dtype: "complex64", data: probe.data } as const,
    ...weightArrays(model, weights),
  };
  await writeFile(join(folder, "problem.json"), JSON.stringify(sizes, null, 2));
  await writeFile(join(folder, "problem.npz"), writeNpz(arrays, { compress: false }));
}

export async function readProblem(folder: string): Promise<Problem> {
  const sizes = JSON.parse(await readFile(join(folder, "problem.json"), "utf8")) as Sizes;
  const npz = openNpz(new Uint8Array(await readFile(join(folder, "problem.npz"))));
  const floats = (key: string): { shape: readonly number[]; data: Float32Array } => {
    const { shape, data } = npz.readNumbers(key);
    return { shape, data: data as Float32Array };
  };
  const images = floats("images");
  const offsets = floats("offsets");
  return {
    model: modelOf(sizes),
    batch: sizes.batch,
    canvasSide: sizes.canvasSide,
    scales: sizes,
    epochs: sizes.epochs ?? [],
    probe: floats("probe"),
    weights: Object.fromEntries(
      npz.keys.filter((key) => key.startsWith(WEIGHT)).map((key) => [key.slice(WEIGHT.length), floats(key).data]),
    ),
    batches: Array.from({ length: images.shape[0] }, (_, i) => ({
      inputs: { images: element(images, i), offsets: element(offsets, i) },
      sampleWeights: new Float32Array(sizes.batch).fill(1),
    })),
  };
}

const WEIGHT = "weights.";

const modelOf = ({ N, gridsize, settings }: Case): ModelConfig =>
  completeModel(parseSettings("model", { N, gridsize, ...settings }), N);

/** Weights as a contender writes them after learning. */
export async function readWeights(path: string): Promise<ParameterValues> {
  const npz = openNpz(new Uint8Array(await readFile(path)), path);
  return Object.fromEntries(npz.keys.map((key) => [key, npz.readNumbers(key).data as Float32Array]));
}

function weightArrays(model: ModelConfig, weights: ParameterValues): Record<string, NumericArray> {
  const { specs } = predictionGraph(model, 1);
  return Object.fromEntries(
    specs.map(({ name, shape }) => [`${WEIGHT}${name}`, { shape, dtype: "float32", data: weights[name] }]),
  );
}

function stacked(batches: readonly Batch[], key: "images" | "offsets", shape: readonly number[]): NumericArray {
  const size = batches[0][key].length;
  const data = new Float32Array(batches.length * size);
  for (const [i, batch] of batches.entries()) data.set(batch[key], i * size);
  return { shape: [batches.length, ...shape], dtype: "float32", data };
}

/** Entry `i` along the first axis, as a copy. */
function element({ shape, data }: { shape: readonly number[]; data: Float32Array }, i: number): HostFloats {
  const size = data.length / shape[0];
  return { shape: shape.slice(1), data: data.slice(i * size, (i + 1) * size) };
}

interface HostFloats {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}
