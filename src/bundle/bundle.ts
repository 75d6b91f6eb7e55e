import type { ComplexArray, RealArray } from "../arrays.ts";
import { PtychonautError } from "../errors.ts";
import { readNpy, writeNpy } from "../formats/npy.ts";
import { writeZip } from "../formats/writeZip.ts";
import { openZip, type ZipArchive } from "../formats/zip.ts";
import { type Initializer, readInitializers } from "../graph/onnx/readInitializers.ts";
import { crcOf, type DataFacts } from "./fingerprint.ts";
import {
  formatVersion,
  type JsonObject,
  type Manifest,
  parseJsonObject,
  parseManifest,
  type TensorEntry,
  type TrainedScan,
} from "./manifest.ts";

/** What a model bundle is made of. */
export interface BundleParts {
  /** The inference graph, serialised, with its weights as initializers. */
  readonly model: Uint8Array;
  /** The weights that the network must have, by the names of their initializers. */
  readonly parameters: readonly { readonly name: string; readonly shape: readonly number[] }[];
  readonly createdBy: string;
  readonly config: JsonObject;
  readonly scales: Readonly<Record<string, number>>;
  readonly trainedOn: DataFacts;
  /** Where there are several, all of them. */
  readonly scans?: readonly TrainedScan[];
  /** `[mode, N, N]`, for several scans `[experiment, mode, N, N]`, of energy (N/2)²: the illumination, where training refined it. */
  readonly probe?: ComplexArray;
  /** How the training went: seeds, epochs, losses. */
  readonly training: JsonObject;
}

export interface Bundle {
  readonly model: Uint8Array;
  readonly manifest: Manifest;
  readonly training: JsonObject;
  /** The learned weights, read from `model`. */
  readonly weights: ReadonlyMap<string, RealArray>;
  /** As in `BundleParts`. */
  readonly probe?: ComplexArray;
}

const MODEL = "model.onnx";
const MANIFEST = "manifest.json";
const TRAINING = "training.json";
const PROBE = "probe.npy";

/**
 * One zip file with `model.onnx`, `manifest.json`, `training.json` and, where the probe was trained, `probe.npy`: numbers
 * and text, nothing that runs.
 * @throws PtychonautError "bundle" when the model lacks a parameter or has it in another shape
 */
export function writeBundle(parts: BundleParts): Uint8Array {
  const initializers = readInitializers(parts.model);
  const parameters = parts.parameters.map(({ name, shape }) => {
    const found = initializers.get(name);
    if (found === undefined || !isWeight(found, shape)) throw weightError(name, shape, found, MODEL);
    return entryOf(found);
  });
  const named = new Set(parameters.map(({ name }) => name));
  const constants = [...initializers.values()].filter(({ name }) => !named.has(name)).map(entryOf);
  const { createdBy, config, scales, trainedOn, scans, probe } = parts;
  const manifest: Manifest = {
    ...{ formatVersion, createdBy, config, scales, trainedOn },
    ...(scans === undefined ? {} : { scans }),
    ...{ parameters, constants },
    ...(probe === undefined ? {} : { probe: entryOf({ ...probe, name: PROBE }) }),
  };
  return writeZip(
    [
      { name: MODEL, data: parts.model },
      { name: MANIFEST, data: jsonBytes(manifest) },
      { name: TRAINING, data: jsonBytes(parts.training) },
      ...(probe === undefined ? [] : [{ name: PROBE, data: writeNpy({ ...probe, dtype: "complex64" }) }]),
    ],
    6,
  );
}

/**
 * Reads a bundle strictly: every weight that the manifest lists is in the model with its shape and content, the model
 * holds nothing else, and there is a probe where the manifest says so.
 * @param where names the file in error messages
 * @throws PtychonautError "data" when the file is damaged, "bundle" when its parts do not belong together
 */
export function readBundle(bytes: Uint8Array, where = "bundle"): Bundle {
  const zip = openZip(bytes, where);
  checkMembers(
    zip.members.map(({ name }) => name),
    where,
  );
  const text = (name: string): string => new TextDecoder().decode(zip.read(name));
  const manifest = parseManifest(text(MANIFEST), `${where}: ${MANIFEST}`);
  const training = parseJsonObject(text(TRAINING), `${where}: ${TRAINING}`);
  const model = zip.read(MODEL).slice();
  const weights = checkTensors(readInitializers(model), manifest, `${where}: ${MODEL}`);
  const probe = readProbe(zip, manifest.probe, `${where}: ${PROBE}`);
  return { model, manifest, training, weights, ...(probe === undefined ? {} : { probe }) };
}

function readProbe(zip: ZipArchive, listed: TensorEntry | undefined, where: string): ComplexArray | undefined {
  const isThere = zip.members.some(({ name }) => name === PROBE);
  if (isThere !== (listed !== undefined))
    throw new PtychonautError("bundle", "bundle and manifest disagree about a trained probe", {
      where,
      expected: listed === undefined ? "none" : `complex64 [${listed.shape.join(", ")}]`,
      got: isThere ? "one" : "none",
    });
  if (listed === undefined) return undefined;
  const { shape, crc } = listed;
  const array = readNpy(zip.read(PROBE), where);
  if (array.dtype !== "complex64" || !sameShape(array.shape, shape) || crcOf(array.data) !== crc)
    throw new PtychonautError("bundle", "the probe is not the one that was saved", {
      where,
      expected: `complex64 [${shape.join(", ")}]`,
      got: `${array.dtype} [${array.shape.join(", ")}]`,
    });
  return { shape, data: Float32Array.from(array.data) };
}

function checkMembers(names: readonly string[], where: string): void {
  const expected = [MODEL, MANIFEST, TRAINING];
  const missing = expected.filter((name) => !names.includes(name));
  const extra = names.filter((name) => !expected.includes(name) && name !== PROBE);
  if (missing.length === 0 && extra.length === 0) return;
  throw new PtychonautError("bundle", "this zip file is not a model bundle", {
    where,
    expected: expected.join(", "),
    got: names.join(", ") || "nothing",
    fix: names.includes("manifest.dill")
      ? "this is a bundle of the Python program; export its weights to an npz and use `ptychonaut import-weights`"
      : "name the bundle that `ptychonaut train` wrote",
  });
}

/** Returns the weights; names the first tensor that is missing, changed or not listed. */
function checkTensors(found: Map<string, Initializer>, manifest: Manifest, where: string): Map<string, RealArray> {
  const weights = new Map<string, RealArray>();
  const listed = new Set<string>();
  for (const entry of [...manifest.parameters, ...manifest.constants]) {
    const tensor = found.get(entry.name);
    if (tensor === undefined || !sameShape(tensor.shape, entry.shape))
      throw weightError(entry.name, entry.shape, tensor, where);
    if (crcOf(tensor.data) !== entry.crc)
      throw new PtychonautError("bundle", `the values of "${entry.name}" are not those that were saved`, { where });
    listed.add(entry.name);
  }
  for (const name of found.keys())
    if (!listed.has(name))
      throw new PtychonautError("bundle", `the model holds a weight "${name}" that the manifest does not list`, {
        where,
      });
  for (const { name, shape } of manifest.parameters) {
    const tensor = found.get(name)!;
    if (!(tensor.data instanceof Float32Array)) throw weightError(name, shape, tensor, where);
    weights.set(name, { shape, data: tensor.data });
  }
  return weights;
}

function weightError(
  name: string,
  shape: readonly number[],
  found: Initializer | undefined,
  where: string,
): PtychonautError {
  const what = found === undefined ? `the model lacks the weight "${name}"` : `the weight "${name}" does not fit`;
  return new PtychonautError("bundle", what, {
    where,
    expected: `float32 [${shape.join(", ")}]`,
    got: found === undefined ? "no initializer of that name" : `${found.dtype} [${found.shape.join(", ")}]`,
  });
}

const isWeight = (tensor: Initializer, shape: readonly number[]): boolean =>
  tensor.dtype === "float32" && sameShape(tensor.shape, shape);
const sameShape = (a: readonly number[], b: readonly number[]): boolean => a.join() === b.join();
const entryOf = ({ name, shape, data }: Omit<Initializer, "dtype">): TensorEntry => ({ name, shape, crc: crcOf(data) });
const jsonBytes = (value: unknown): Uint8Array => new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
