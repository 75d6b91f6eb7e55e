import type { InferencePayload } from "../../config/payload.ts";
import { claimFolder, inLockedFolder } from "../claimFolder.ts";
import type { RunHooks, RunOutcome, Workflows } from "../hooks.ts";
import type { Home } from "../machine.ts";
import { splitAddress } from "../objectFile.ts";
import { outputs, subfolders } from "../outputs.ts";
import { joinPath } from "../paths.ts";
import { removeRunRecord } from "../runRecord.ts";
import { workflowsIn } from "../workflows.ts";
import { type CompareOutcome, type CompareRequest, compareObjects, nothingCompared } from "./compare.ts";
import { type CompareEntry, fileName } from "./entries.ts";

export interface ComparisonRequest extends Omit<CompareRequest, "warnings"> {
  /** How each of the models makes its object, by label, into its `inferenceFolder`. */
  readonly inferences: ReadonlyMap<string, InferencePayload>;
  /** Whether results of something else in the folder may be lost. Default false. */
  readonly overwrite?: boolean;
}

/** Where a model's reconstruction goes. */
export const inferenceFolder = (outputDir: string, label: string): string =>
  joinPath(outputDir, subfolders.inference, fileName(label));

/**
 * Compares several objects with one reference; models among them reconstruct theirs first. One that comes to nothing is
 * left out with a warning. See `compareObjects` for what is written.
 * @throws PtychonautError naming the entry that does not fit, or "output"
 */
export async function runComparison(
  request: ComparisonRequest,
  hooks: RunHooks,
  home: Home,
  workflows: Pick<Workflows, "infer"> = workflowsIn(home),
): Promise<CompareOutcome> {
  const { entries, reference, outputDir, overwrite } = request;
  const inputs = [reference.path, ...entries.map(({ address }) => splitAddress(address).path)];
  await claimFolder(outputDir, { command: "compare", inputs, overwrite }, home.store);
  return inLockedFolder(outputDir, home.store, hooks.log, () => comparison(request, hooks, home, workflows));
}

async function comparison(
  request: ComparisonRequest,
  hooks: RunHooks,
  home: Home,
  { infer }: Pick<Workflows, "infer">,
): Promise<CompareOutcome> {
  const { inferences, entries, outputDir } = request;
  // From here on the folder changes.
  if (inferences.size > 0) await removeRunRecord(outputDir, "compare", home.store);
  const ready: CompareEntry[] = [];
  const warnings: string[] = [];
  for (const entry of entries) {
    const payload = inferences.get(entry.label);
    if (payload === undefined) {
      ready.push(entry);
      continue;
    }
    hooks.log(`${entry.label}: reconstructing`);
    const outcome = await infer(payload, hooks);
    if (outcome.status === "interrupted") return { ...nothingCompared, ...outcome };
    if (outcome.status === "finished") {
      ready.push({ ...entry, address: joinPath(payload.outputDir, outputs.reconstruction) });
      continue;
    }
    warnings.push(leftOut(entry, outcome));
    hooks.warn(`warning: ${warnings.at(-1)}`);
  }
  if (ready.length === 0)
    return {
      ...nothingCompared,
      status: "diverged",
      advice: "no model made an object, so there is nothing to compare",
    };
  return compareObjects({ ...request, entries: ready, warnings }, hooks, home);
}

const leftOut = ({ label }: CompareEntry, { advice, status }: RunOutcome): string =>
  `${label} is left out: ${advice ?? status}`;
