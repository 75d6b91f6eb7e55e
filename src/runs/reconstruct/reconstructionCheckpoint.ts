import { z } from "zod";
import type { ComplexArray } from "../../arrays.ts";
import type { DriverState, Estimate, StageState, Values } from "../../engines/driverState.ts";
import { PtychonautError } from "../../errors.ts";
import { parseJson } from "../../formats/json.ts";
import { readNpy, writeNpy } from "../../formats/npy.ts";
import { writeZip } from "../../formats/writeZip.ts";
import { openZip, type ZipArchive } from "../../formats/zip.ts";
import { checkIdentity, type RunIdentity } from "../../training/checkpoint.ts";
import { stageBySetting } from "./identityOfStages.ts";

const FORMAT = "reconstruction-1";
const STATE = "state.json";

const HOMES = ["wasm", "webgpu"] as const;
/** Where kernels compute, whose last bits differ. */
export type KernelsHome = (typeof HOMES)[number];

const count = z.int().min(0);
/** JSON has no NaN: what is not finite was written as null. */
const measured = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.NaN);
const report = z.object({ error: measured, deviance: measured });
const word = z.int().min(0).max(0xffffffff);
const place = z.object({
  shape: z.tuple([count, count, count]),
  origin: z.tuple([z.number(), z.number()]),
});
const estimate = z.object({
  ...{ object: place.optional(), probe: z.tuple([count, count, count]) },
  ...{ background: z.boolean().optional(), intensities: z.boolean().optional() },
  variations: z.tuple([count, count, count]).optional(),
});

const stateSchema = z.object({
  format: z.literal(FORMAT),
  identity: z.record(z.string(), z.unknown()),
  /** Of the kernels that made it. */
  home: z.enum(HOMES).optional(),
  stage: count,
  epoch: count,
  random: z.tuple([word, word, word, word]),
  history: z.array(
    report.extend({
      ...{ epoch: count, stage: count, engine: z.string() },
      ...{ heldOut: report.nullable(), seconds: z.number() },
    }),
  ),
  stopping: z.object({ best: z.number().nullable(), stale: count }),
  /** Absent where no step was changed. */
  changes: z
    .array(
      z.object({
        ...{ epoch: count, stage: count },
        settings: z.record(z.string(), z.object({ from: z.number(), to: z.number() })),
      }),
    )
    .optional(),
  begun: estimate,
  best: estimate.extend({ epoch: count }).optional(),
  /** Names of what engine and wrappers remember; absent before a stage's first epoch. */
  memory: z.array(z.string()).optional(),
});
type StateJson = z.infer<typeof stateSchema>;

/** A checkpoint: a zip with `state.json` and each array as npy. Equal states give equal bytes. */
export function writeReconstructionCheckpoint(
  state: DriverState,
  identity: RunIdentity,
  home: KernelsHome,
): Uint8Array {
  const { begun, best, now, ...rest } = state;
  const arrays: Record<string, Values> = { ...estimateArrays("begun", begun) };
  if (best !== undefined) Object.assign(arrays, estimateArrays("best", best));
  if (now !== undefined) {
    const { object, probe, positions, memory } = now;
    Object.assign(arrays, { object, probe, positions });
    for (const [name, values] of Object.entries(memory)) arrays[`memory.${name}`] = values;
  }
  const json = {
    ...{ format: FORMAT, identity, home, ...rest, begun: placeOf(begun) },
    ...(best === undefined ? {} : { best: { ...placeOf(best), epoch: best.epoch } }),
    ...(now === undefined ? {} : { memory: Object.keys(now.memory) }),
  };
  return writeZip([
    { name: STATE, data: new TextEncoder().encode(JSON.stringify(json)) },
    ...Object.entries(arrays).map(([name, data]) => ({ name: `${name}.npy`, data: npyOf(data) })),
  ]);
}

const npyOf = (data: Values): Uint8Array =>
  data instanceof Float64Array
    ? writeNpy({ dtype: "float64", shape: [data.length], data })
    : writeNpy({ dtype: "float32", shape: [data.length], data });

const estimateArrays = (
  name: string,
  { object, probe, positions, background, intensities, variations }: Estimate,
): Record<string, Values> => ({
  ...(object === undefined ? {} : { [`${name}.object`]: object.values.data }),
  ...(background === undefined ? {} : { [`${name}.background`]: background }),
  ...(intensities === undefined ? {} : { [`${name}.intensities`]: intensities }),
  ...(variations === undefined
    ? {}
    : { [`${name}.directions`]: variations.directions.data, [`${name}.weights`]: variations.weights }),
  [`${name}.probe`]: probe.data,
  [`${name}.positions`]: positions,
});

const placeOf = ({ object, probe, background, intensities, variations }: Estimate) => ({
  ...(background === undefined ? {} : { background: true }),
  ...(intensities === undefined ? {} : { intensities: true }),
  ...(variations === undefined ? {} : { variations: variations.directions.shape }),
  ...(object === undefined ? {} : { object: { shape: object.values.shape, origin: object.origin } }),
  probe: probe.shape,
});

/**
 * What the run that wrote a checkpoint was, and where its kernels computed, if it says so.
 * @throws PtychonautError "data" when the file is damaged
 */
export function aboutCheckpoint(
  bytes: Uint8Array,
  where: string,
): { readonly identity: RunIdentity; readonly home?: KernelsHome | undefined } {
  const { identity, home } = open(bytes, where).json;
  return { identity, home };
}

/**
 * @param identity of the run that wants to continue
 * @throws PtychonautError "data" when the file is damaged, "usage" when it belongs to a run with other settings or data
 */
export function readReconstructionCheckpoint(bytes: Uint8Array, identity: RunIdentity, where: string): DriverState {
  const { zip, json } = open(bytes, where);
  checkIdentity(...stageBySetting(json.identity, identity), where);
  const { format: _, identity: __, home: ___, begun, best, memory, ...rest } = json;
  const read = (name: string): Values => valuesIn(zip, name, where);
  if (best !== undefined && !(best.epoch >= 1 && best.epoch <= rest.history.length))
    throw damaged(where, `the best epoch is ${best.epoch} of ${rest.history.length}`);
  const bestEpoch = best && { ...estimateIn("best", best, read, where), epoch: best.epoch };
  return {
    ...rest,
    begun: estimateIn("begun", begun, read, where),
    ...(bestEpoch === undefined ? {} : { best: bestEpoch }),
    ...(memory === undefined ? {} : { now: stageIn(memory, read, where) }),
  };
}

function stageIn(memory: readonly string[], read: (name: string) => Values, where: string): StageState {
  return {
    ...{ object: read("object"), probe: read("probe"), positions: positionsIn(read("positions"), where) },
    memory: Object.fromEntries(memory.map((name) => [name, read(`memory.${name}`)])),
  };
}

function estimateIn(
  name: string,
  { object, probe, background, intensities, variations }: StateJson["begun"],
  read: (name: string) => Values,
  where: string,
): Estimate {
  const complex = (part: string, shape: readonly number[]): ComplexArray => {
    const data = read(`${name}.${part}`);
    if (data.length !== 2 * shape.reduce((a, b) => a * b, 1)) throw damaged(where, `${name}.${part} of another size`);
    return { shape, data: Float32Array.from(data) };
  };
  return {
    ...(object === undefined ? {} : { object: { values: complex("object", object.shape), origin: object.origin } }),
    probe: complex("probe", probe),
    ...(background === true ? { background: Float32Array.from(read(`${name}.background`)) } : {}),
    ...(intensities === true ? { intensities: Float64Array.from(read(`${name}.intensities`)) } : {}),
    ...(variations === undefined
      ? {}
      : {
          variations: {
            directions: complex("directions", variations),
            weights: Float64Array.from(read(`${name}.weights`)),
          },
        }),
    positions: positionsIn(read(`${name}.positions`), where),
  };
}

function positionsIn(values: Values, where: string): Float64Array {
  if (values instanceof Float64Array) return values;
  throw damaged(where, "positions of single precision");
}

function valuesIn(zip: ZipArchive, name: string, where: string): Values {
  const { data, dtype } = readNpy(zip.read(`${name}.npy`), `${where}: ${name}`);
  if (dtype === "float64") return Float64Array.from(data as Float64Array);
  if (dtype === "float32") return Float32Array.from(data as Float32Array);
  throw damaged(where, `${name} is ${dtype}`);
}

function open(bytes: Uint8Array, where: string): { readonly zip: ZipArchive; readonly json: StateJson } {
  const zip = openZip(bytes, where);
  if (!zip.members.some(({ name }) => name === STATE))
    throw new PtychonautError("data", "this is not a checkpoint of a reconstruction", { where, expected: STATE });
  const json = parseJson(new TextDecoder().decode(zip.read(STATE)), `${where}: ${STATE}`);
  const { success, data, error } = stateSchema.safeParse(json);
  if (success) return { zip, json: data };
  const { path, message } = error.issues[0];
  throw damaged(where, `${path.join(".")}: ${message}`);
}

const damaged = (where: string, got: string): PtychonautError =>
  new PtychonautError("data", "the checkpoint cannot be read", { where, got });
