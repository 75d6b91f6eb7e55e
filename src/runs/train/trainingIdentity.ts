import type { DataFacts } from "../../bundle/fingerprint.ts";
import { identitySettings } from "../../config/identity.ts";
import type { TrainingPayload } from "../../config/payload.ts";
import type { RunIdentity } from "../../training/checkpoint.ts";
import type { FoundCheckpoint } from "./checkpointFiles.ts";
import type { InitialWeights } from "./initialWeights.ts";

export interface Seeds {
  readonly run: number;
  readonly grouping: number;
}

/** Without `deterministic`, seeds that nobody stated are drawn afresh; a resumed run keeps those that it began with. */
export function seedsOf(
  { execution, training, data, overridden }: TrainingPayload,
  checkpoint?: FoundCheckpoint,
): Seeds {
  const stated = (name: string): boolean => overridden.some((origin) => origin.name === name);
  const saved = checkpoint?.identity["seed"];
  const drawn = typeof saved === "number" ? saved : freshSeed();
  const run = execution.deterministic !== false || stated("seed") ? training.seed : drawn;
  return { run, grouping: stated("subsampleSeed") ? data.subsampleSeed : run };
}

const freshSeed = (): number => crypto.getRandomValues(new Uint32Array(1))[0];

/** What must not change between the parts of a run. Its length may, and where and how it is logged. */
export function identityOf(
  { model, data, training, execution, overridden }: TrainingPayload,
  facts: readonly DataFacts[],
  seed: number,
  initial: InitialWeights | undefined,
): RunIdentity {
  const stated = (name: string): boolean => overridden.some((origin) => origin.name === name);
  // A geometry that becomes known later changes nothing that is learned; positions are in pixels already.
  const learnedFrom = facts.map(({ geometry: _, ...learned }) => learned);
  return JSON.parse(
    JSON.stringify({
      ...identitySettings({ model, data, training, execution }, stated),
      seed,
      initFrom: initial?.sha256 ?? null,
      trainedOn: learnedFrom.length === 1 ? learnedFrom[0] : learnedFrom,
    }),
  ) as RunIdentity;
}
