import type { SettingChange } from "../../../src/engines/driverState.ts";
import { engineNamed } from "../../../src/engines/registry.ts";
import { changedSteps, stepsOf, withChanges } from "../../../src/engines/steps.ts";
import type { RunSteering, RunSteps } from "../../../src/runs/hooks.ts";
import { outputs } from "../../../src/runs/outputs.ts";
import { joinPath } from "../../../src/runs/paths.ts";
import { isThere, readJson } from "../../../src/runs/store.ts";
import { checkedRate } from "../../../src/runs/train/learningRates.ts";
import type { Answers, Asked } from "./answer.ts";
import { lastFolder } from "./runs.ts";

type Wishes = Readonly<Record<string, number>>;

/** Wishes of runs that go on here, by their ids. */
const wished = new Map<string, Wishes>();

/** Takes wishes for a run while it goes. @param first wishes that it begins with */
export async function withSteering<T>(
  id: string,
  first: Wishes | undefined,
  tell: Asked["tell"],
  work: (steering: RunSteering) => Promise<T>,
): Promise<T> {
  wished.set(id, first ?? {});
  try {
    return await work({
      offers: (steps) => tell({ kind: "steps", steps }),
      wanted() {
        const now = wished.get(id) ?? {};
        wished.set(id, {});
        return Object.keys(now).length === 0 ? undefined : now;
      },
    });
  } finally {
    wished.delete(id);
  }
}

export const change: Answers<"change"> = async ({ id, steps: { engine, settings }, wanted }) => {
  if (engine === undefined) checkedRate(wanted);
  else changedSteps({ name: engine, settings: stepSettings(engine) }, settings, wanted);
  const before = wished.get(id);
  if (before !== undefined) wished.set(id, { ...before, ...wanted });
};

/** Descriptions of an engine's steps alone: of nothing else is known how it is. */
const stepSettings = (engine: string) =>
  engineNamed(engine).settings.filter((setting) => setting.kind === "real" && setting.step === true);

export const steps: Answers<"steps"> = async ({ id }, { home: { store } }) => {
  const folder = await lastFolder(id, store);
  const path = joinPath(folder, outputs.run);
  if (!(await isThere(path, store))) return undefined;
  const { command, settings, stages = [], changes = [] } = (await readJson(path, store)) as Saved;
  if (command === "train") {
    const learningRate = changes.at(-1)?.settings["learningRate"]?.to ?? settings.execution?.learningRate;
    return learningRate === undefined ? undefined : { settings: { learningRate }, changes };
  }
  if (stages.length === 0) return undefined;
  const { history = [] } = (await readJson(joinPath(folder, outputs.course), store)) as {
    readonly history?: readonly { readonly stage: number }[];
  };
  const number = history.at(-1)?.stage ?? 1;
  const stage = stages[number - 1];
  if (stage === undefined) return undefined;
  const engine = engineNamed(stage.engine);
  return { engine: engine.name, settings: stepsOf(engine, withChanges(stage.settings, changes, number)), changes };
};

/** What is read of a `run.json`. */
interface Saved {
  readonly command: string;
  readonly settings: { readonly execution?: { readonly learningRate?: number } };
  readonly stages?: readonly { readonly engine: string; readonly settings: RunSteps["settings"] }[];
  readonly changes?: readonly SettingChange[];
}
