import type { GroupName, Settings } from "../../config/group.ts";
import { canonicalName, type PayloadKind } from "../../config/names.ts";
import type { InferencePayload, Sources, TrainingPayload } from "../../config/payload.ts";
import { groupNames, groupOf, groupsRead, isRead } from "../../config/schema.ts";
import { PtychonautError } from "../../errors.ts";
import { checkDisk } from "../disk.ts";
import type { RunHooks } from "../hooks.ts";
import { ENGINE, EPOCHS } from "../infer/refiningStage.ts";
import type { Home } from "../machine.ts";
import { smallerFiles } from "../memory.ts";
import { outputs, subfolders } from "../outputs.ts";
import { createInferencePayload, createReconstructionPayload, createTrainingPayload } from "../payloads.ts";
import { silentProgress } from "../progress.ts";
import { readingFor } from "../readingFor.ts";
import { REHEARSAL, rehearsalStore } from "./rehearsalStore.ts";
import { type InferenceRehearsal, rehearseInference } from "./rehearseInference.ts";
import { rehearseReconstruction } from "./rehearseReconstruction.ts";
import { rehearseTraining, type TrainingRehearsal } from "./rehearseTraining.ts";

/** What is to be planned: a training and the reconstruction after it, or, with a model, a reconstruction alone. */
export interface PlanRequest extends Sources {
  /** A scan, or several to train on together. */
  readonly scans: readonly string[];
  readonly modelPath?: string;
  /** Where the results would go: whose disk is looked at. Default: where the program runs. */
  readonly outputDir?: string;
  /** Seconds that a program takes before it runs anything, as each run has to. Default 0. */
  readonly starting?: number;
}

/** What a run takes. */
export interface RunPlan {
  /** Seconds, and what they are made of. */
  readonly seconds: number;
  readonly parts: Readonly<Record<string, number>>;
  /** Most memory that the program holds, bytes: measured, or estimated where it cannot be. */
  readonly memory: number;
  readonly memoryIs: "measured" | "estimated";
  /** Bytes of what it leaves, and of what it needs for a moment beside that. */
  readonly disk: number;
  readonly diskForAMoment: number;
}

export interface TrainingPlan extends RunPlan {
  /** All of them: training may stop earlier. */
  readonly epochs: number;
  readonly secondsPerEpoch: number;
}

export interface Plan {
  readonly training: TrainingPlan | null;
  readonly inference: RunPlan;
  /** What there is. */
  readonly available: { readonly memory: number; readonly disk: number | null };
  /** What calibration took, seconds. */
  readonly calibration: number;
  readonly warnings: readonly string[];
}

const [TRAINING, INFERENCE, REFINING] = [`${REHEARSAL}/train`, `${REHEARSAL}/infer`, `${REHEARSAL}/refine`];

/**
 * What a training and a reconstruction would take on this machine, by rehearsing them: the same code on the same data, a few
 * steps of each, with everything that is written kept in memory.
 * @throws PtychonautError as the runs refuse their input; "usage" where memory or disk do not suffice
 */
export async function runPlan(request: PlanRequest, hooks: RunHooks, home: Home): Promise<Plan> {
  const begun = performance.now();
  const outputDir = request.outputDir ?? home.store.absolute(".");
  const { store, sizes } = rehearsalStore(home.store, outputDir);
  const stage: Home = { ...home, store };
  const warnings: string[] = [];
  const silent = watchedHooks(hooks, warnings);
  const { scans, modelPath, starting = 0 } = request;
  let training: TrainingPlan | null = null;
  if (modelPath === undefined) {
    hooks.log("rehearsing the training");
    const payload = await createTrainingPayload(
      { ...sourcesOf(request, "training"), trainDataFile: scans, outputDir: TRAINING },
      stage,
    );
    const rehearsed = await rehearseTraining(payload, silent, stage);
    training = trainingPlan(rehearsed, payload, folderSizes(sizes, "train/"), home, starting);
    // A rehearsal has one epoch: all of them may leave more checkpoints.
    warnings.push(...(await checkDisk(shares(training), outputDir, home.store, smallerFiles)));
  } else if (scans.length > 1)
    throw new PtychonautError("usage", "a model reconstructs one scan at a time", { got: `${scans.length} scans` });
  if (hooks.signal.aborted) throw new PtychonautError("usage", "the plan was interrupted");
  hooks.log("rehearsing the reconstruction");
  const payload = await createInferencePayload(
    {
      ...sourcesOf(request, "inference"),
      modelPath: modelPath ?? TRAINING,
      testDataFile: scans[0],
      outputDir: INFERENCE,
    },
    stage,
  );
  const rehearsed = await rehearseInference(payload, silent, stage);
  const halves = payload.inference.confidence ? await refiningHalves(payload, rehearsed, silent, stage) : undefined;
  const inference = inferencePlan(rehearsed, halves, folderSizes(sizes, "infer/"), starting);
  return {
    training,
    inference,
    available: { memory: home.machine.memory, disk: (await home.store.freeBytes(outputDir)) ?? null },
    calibration: (performance.now() - begun) / 1000,
    warnings: [...new Set(warnings)],
  };
}

/** Of a rehearsal: what the runs say of the data is theirs to say; what they say of the machine is a warning here. */
export const watchedHooks = ({ signal }: RunHooks, warnings: string[]): RunHooks => ({
  signal,
  log: () => {},
  warn: (line) => {
    if (/of memory|free: /.test(line)) warnings.push(line.replace(/^warning: /, ""));
  },
  progress: () => silentProgress,
});

/** Of all settings those that one of the runs reads; a network is its bundle's. */
export function sourcesOf({ overrides = {}, executionConfig = {}, file = {} }: Sources, kind: PayloadKind): Sources {
  const reads = (group: GroupName): boolean =>
    groupsRead[kind].includes(group) && (kind === "training" || group !== "model");
  const isOurs = (spelling: string): boolean => {
    const name = canonicalName(spelling, kind);
    const group = groupOf(name, kind);
    return isRead(name, kind) && group !== undefined && reads(group);
  };
  const only = (settings: Settings): Settings =>
    Object.fromEntries(
      Object.entries(settings).filter(([name]) => {
        const group = groupNames.find((each) => each === name);
        return group === undefined ? isOurs(name) : reads(group);
      }),
    );
  return { overrides: only(overrides), executionConfig: only(executionConfig), file: only(file) };
}

const folderSizes = (sizes: ReadonlyMap<string, number>, prefix: string): ReadonlyMap<string, number> =>
  new Map([...sizes].flatMap(([path, bytes]) => (path.startsWith(prefix) ? [[path.slice(prefix.length), bytes]] : [])));

function trainingPlan(
  r: TrainingRehearsal,
  { execution }: TrainingPayload,
  sizes: ReadonlyMap<string, number>,
  home: Home,
  starting: number,
): TrainingPlan {
  const secondsPerEpoch = r.batchesPerEpoch * r.batch + r.validationBatches * r.validationBatch + r.epochEnd;
  const parts = {
    starting,
    preparing: r.preparing + r.compiling,
    steps: r.epochs * r.batchesPerEpoch * r.batch,
    validation: r.epochs * r.validationBatches * r.validationBatch,
    checkpoints: r.epochs * r.epochEnd,
    concluding: r.concluding,
  };
  const { checkpointSaveTopK: kept } = execution;
  let [disk, largest] = [0, 0];
  for (const [path, bytes] of sizes) {
    const times = path.startsWith(`${subfolders.checkpoints}/epoch=`)
      ? kept < 0
        ? r.epochs
        : Math.min(kept, r.epochs)
      : path.startsWith(`${subfolders.logs}/`) || path === outputs.training
        ? r.epochs
        : 1;
    disk += times * bytes;
    largest = Math.max(largest, bytes);
  }
  return {
    ...{ seconds: sumOf(parts), parts, disk, diskForAMoment: largest },
    ...memoryOf(r, home),
    ...{ epochs: r.epochs, secondsPerEpoch },
  };
}

/** Seconds that an engine takes for expected errors, as it takes them for a reconstruction. */
async function refiningHalves(
  { testDataFile: scan, execution: { threads }, overridden }: InferencePayload,
  { groups }: InferenceRehearsal,
  hooks: RunHooks,
  stage: Home,
): Promise<number> {
  const overrides = { ...readingFor("reconstruction", overridden), threads, engine: ENGINE.name, epochs: EPOCHS };
  const payload = await createReconstructionPayload({ scan, outputDir: REFINING, overrides }, stage);
  const { epochs, patterns } = await rehearseReconstruction(payload, hooks, stage);
  const [{ epoch, first }] = epochs;
  return (EPOCHS * epoch * Math.min(patterns, groups)) / patterns + 2 * first;
}

function inferencePlan(
  r: InferenceRehearsal,
  halves: number | undefined,
  sizes: ReadonlyMap<string, number>,
  starting: number,
): RunPlan {
  const parts = {
    ...{ starting, preparing: r.preparing, prediction: r.groups * r.group },
    ...(halves === undefined ? {} : { halves }),
    concluding: r.concluding,
  };
  const bytes = [...sizes.values()];
  return {
    ...{ seconds: sumOf(parts), parts },
    // What a rehearsal holds beside the run, its results among it, is more than an estimate is off by.
    ...{ memory: r.memory, memoryIs: "estimated" },
    disk: bytes.reduce((a, b) => a + b, 0),
    diskForAMoment: bytes.reduce((a, b) => Math.max(a, b), 0),
  };
}

function memoryOf({ memory }: { readonly memory: number }, { machine }: Home): Pick<RunPlan, "memory" | "memoryIs"> {
  const held = machine.heldMost?.();
  return held === undefined ? { memory, memoryIs: "estimated" } : { memory: held, memoryIs: "measured" };
}

const sumOf = (parts: Readonly<Record<string, number>>): number => Object.values(parts).reduce((a, b) => a + b, 0);

const shares = ({ disk, diskForAMoment }: RunPlan): { what: string; bytes: number }[] => [
  { what: "what the training leaves", bytes: disk },
  { what: "a file that is being replaced", bytes: diskForAMoment },
];
