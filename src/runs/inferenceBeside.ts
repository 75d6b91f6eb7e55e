import { PtychonautError } from "../errors.ts";
import { outputs } from "./outputs.ts";
import { baseName, folderOf, joinPath } from "./paths.ts";
import { isThere, type RunStore, readJson } from "./store.ts";

/** What the record beside a reconstruction says about it. */
export interface InferenceBeside {
  /** SHA-256 of the bundle that predicted it, else its path. */
  readonly model: string | undefined;
  readonly warnings: readonly string[];
  /** Those of the warnings that say what is wrong with the result. */
  readonly doubts: readonly string[];
}

const nothing: InferenceBeside = { model: undefined, warnings: [], doubts: [] };

/** Of a `reconstruction.npz` that `infer` or `reconstruct` left in its folder; of any other object nothing. */
export async function inferenceBeside(path: string, store: RunStore): Promise<InferenceBeside> {
  const file = joinPath(folderOf(path), outputs.run);
  if (baseName(path) !== outputs.reconstruction || !(await isThere(file, store))) return nothing;
  const record = await readJson(file, store).catch((error: unknown) => {
    // What lies beside an object is no input: a damaged one does not stop a comparison.
    if (error instanceof PtychonautError) return undefined;
    throw error;
  });
  const command = field(record, "command");
  if (command !== "infer" && command !== "reconstruct") return nothing;
  // An engine has no model.
  const inputs = command === "infer" ? field(record, "inputs") : undefined;
  const bundle: unknown = Array.isArray(inputs) ? inputs[0] : undefined;
  const model = field(bundle, "sha256") ?? field(bundle, "path");
  return {
    model: typeof model === "string" ? model : undefined,
    warnings: texts(field(record, "warnings")),
    doubts: texts(field(field(record, "outcome"), "doubts")),
  };
}

const field = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;

const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((line): line is string => typeof line === "string") : [];
