import { snakeCase } from "../config/names.ts";
import { PtychonautError } from "../errors.ts";
import { parseJson } from "../formats/json.ts";
import { readNpy, writeNpy } from "../formats/npy.ts";
import { writeZip } from "../formats/writeZip.ts";
import { openZip, type ZipArchive } from "../formats/zip.ts";
import { type StateJson, stateSchema } from "./checkpointSchema.ts";
import type { BestWeights, TrainingState } from "./trainingState.ts";

/** What a checkpoint must agree with to be continued: settings and facts of the data, as JSON values by name. */
export type RunIdentity = Readonly<Record<string, unknown>>;

const FORMAT = 2;
const STATE = "state.json";

/** A checkpoint: a zip with `state.json` and each vector as npy. Equal states give equal bytes. */
export function writeCheckpoint(state: TrainingState, identity: RunIdentity): Uint8Array {
  const { weights, best, ...rest } = state;
  const json = { format: FORMAT, identity, moments: weights.moments.length, best: best && slim(best), ...rest };
  const vectors: Record<string, Float32Array> = { parameters: weights.parameters, state: weights.state };
  for (const [i, moment] of weights.moments.entries()) vectors[`moment${i}`] = moment;
  if (best !== null) Object.assign(vectors, { "best.parameters": best.parameters, "best.state": best.state });
  return writeZip([
    { name: STATE, data: new TextEncoder().encode(JSON.stringify(json)) },
    ...Object.entries(vectors).map(([name, data]) => ({
      name: `${name}.npy`,
      data: writeNpy({ dtype: "float32", shape: [data.length], data }),
    })),
  ]);
}

/**
 * @param identity of the run that wants to continue
 * @throws PtychonautError "data" when the file is damaged, "usage" when it belongs to a run with other settings or data
 */
export function readCheckpoint(bytes: Uint8Array, identity: RunIdentity, where: string): TrainingState {
  const { zip, json } = open(bytes, where);
  checkIdentity(json.identity, identity, where);
  const vector = (name: string, like?: Float32Array): Float32Array => {
    const array = readNpy(zip.read(`${name}.npy`), `${where}: ${name}`);
    if (array.dtype !== "float32") throw damaged(where, `${name} is ${array.dtype}`);
    if (like !== undefined && like.length !== array.data.length)
      throw damaged(where, `${name} has ${array.data.length} numbers instead of ${like.length}`);
    return Float32Array.from(array.data as Float32Array);
  };
  const { format: _, identity: __, moments, best, ...rest } = json;
  const [parameters, state] = [vector("parameters"), vector("state")];
  return {
    ...rest,
    weights: {
      parameters,
      moments: Array.from({ length: moments }, (_, i) => vector(`moment${i}`, parameters)),
      state,
    },
    best: best && {
      ...best,
      parameters: vector("best.parameters", parameters),
      state: vector("best.state", state),
    },
  };
}

/** What the run that wrote a checkpoint was. @throws PtychonautError "data" when the file is damaged */
export const checkpointIdentity = (bytes: Uint8Array, where: string): RunIdentity => open(bytes, where).json.identity;

function open(bytes: Uint8Array, where: string): { zip: ZipArchive; json: StateJson } {
  const zip = openZip(bytes, where);
  if (!zip.members.some(({ name }) => name === STATE)) {
    throw new PtychonautError("data", "this is not a training checkpoint", { where, expected: STATE });
  }
  return { zip, json: parse(new TextDecoder().decode(zip.read(STATE)), where) };
}

const slim = ({ epoch, value }: BestWeights): { epoch: number; value: number } => ({ epoch, value });

function parse(text: string, where: string): StateJson {
  const json = parseJson(text, `${where}: ${STATE}`);
  const format = (json as { readonly format?: unknown } | null)?.format;
  if (format !== FORMAT) throw damaged(where, `format ${JSON.stringify(format)?.slice(0, 100)} instead of ${FORMAT}`);
  const { success, data, error } = stateSchema.safeParse(json);
  if (success) return data;
  const { path, message } = error.issues[0];
  throw damaged(where, `${path.join(".")}: ${message}`);
}

const damaged = (where: string, got: string): PtychonautError =>
  new PtychonautError("data", "the checkpoint cannot be read", { where, got });

/**
 * Tells which settings differ.
 * @throws PtychonautError "usage" where a checkpoint is of another run than wants to go on from it
 */
export function checkIdentity(saved: RunIdentity, wanted: RunIdentity, where: string): void {
  const names = [...new Set([...Object.keys(saved), ...Object.keys(wanted)])];
  const differing = names.filter((name) => JSON.stringify(saved[name]) !== JSON.stringify(wanted[name]));
  if (differing.length === 0) return;
  const rows = differing
    .filter((name) => name !== DATA)
    .map((name) => `  ${snakeCase(name)}: ${inWords(saved[name])} → ${inWords(wanted[name])}\n`);
  const left = rows.length > MOST_ROWS ? [`  and ${rows.length - MOST_ROWS} more\n`] : [];
  const scans = differing.includes(DATA) ? [otherScans(saved[DATA], wanted[DATA])] : [];
  const settings =
    rows.length === 0 ? [] : [`other settings, was → is:\n${[...rows.slice(0, MOST_ROWS), ...left].join("")}`];
  throw new PtychonautError("usage", "the checkpoint belongs to another run", {
    where,
    got: [...scans, ...settings].join("; and "),
    fix: "resume with the settings and the data of the run that wrote it, or start a new run",
  });
}

/** Settings that are told, at most. */
const MOST_ROWS = 12;

/** A setting's value for people. */
function inWords(value: unknown): string {
  if (value === undefined || value === null) return "not said";
  if (typeof value === "string") return value;
  return Array.isArray(value) && value.every((each) => typeof each === "string")
    ? value.join(", ") || "none"
    : JSON.stringify(value);
}

/** What an identity says of the scans: facts of one, or of each. */
const DATA = "trainedOn";

/** In words that data are not those of the run: names, and where they are equal what differs. */
function otherScans(saved: unknown, wanted: unknown): string {
  const [before, now] = [scanFacts(saved), scanFacts(wanted)];
  const names = (facts: readonly RunIdentity[]): string => facts.map(({ name }) => String(name)).join(" and ");
  if (names(before) !== names(now)) return `another scan: ${names(now)}, not ${names(before)}`;
  const differing = before.flatMap((facts, i) =>
    Object.keys({ ...facts, ...now[i] }).filter((key) => JSON.stringify(facts[key]) !== JSON.stringify(now[i]?.[key])),
  );
  // Checksums are of something that has a name.
  const what = [...new Set(differing.map((key) => key.replace(/Crc$/, "")))].join(", ");
  return `another scan of the name ${names(now)}: other ${what}`;
}

const scanFacts = (facts: unknown): readonly RunIdentity[] => [facts].flat() as readonly RunIdentity[];
