import { z } from "zod";
import { settingsToRepeat } from "../config/differences.ts";
import type { GroupName, Settings } from "../config/group.ts";
import type { PayloadKind } from "../config/names.ts";
import type { InferenceRequest, PlannedChange, ReconstructionRequest, TrainingRequest } from "../config/payload.ts";
import { groupNames, groups, groupsRead, isRead, parseSettings } from "../config/schema.ts";
import type { SettingChange } from "../engines/driverState.ts";
import { PtychonautError } from "../errors.ts";
import type { Home } from "./machine.ts";
import { hashAt } from "./openArrays.ts";
import { type RunStore, readJson } from "./store.ts";

/** What `run.json` says of a run, as far as repeating it goes. */
export interface SavedRun {
  readonly command: string;
  readonly inputs: readonly { readonly path: string; readonly sha256: string | null }[];
  readonly settings: Readonly<Partial<Record<GroupName, Settings>>>;
  readonly overridden: readonly { readonly name: string }[];
  readonly seeds: { readonly run?: number | undefined; readonly grouping: number };
  /** Settings that were made others while it ran, by the first epoch that was done with them. */
  readonly changes?: readonly Pick<SettingChange, "epoch" | "settings">[] | undefined;
  /** What the paths of the inputs start from. */
  readonly workingFolder: string;
}

const schema = z.object({
  command: z.string(),
  inputs: z.array(z.object({ path: z.string(), sha256: z.string().nullable() })).min(1),
  settings: z.partialRecord(z.enum(groupNames), z.record(z.string(), z.unknown())),
  overridden: z.array(z.object({ name: z.string() })),
  seeds: z.object({ run: z.number().optional(), grouping: z.number() }),
  changes: z
    .array(
      z.object({
        epoch: z.int().min(1),
        settings: z.record(z.string(), z.object({ from: z.number(), to: z.number() })),
      }),
    )
    .optional(),
  workingFolder: z.string(),
}) satisfies z.ZodType<SavedRun>;

/** The request that makes a saved run again. */
export type RepeatRequest =
  | { readonly command: "train"; readonly request: TrainingRequest }
  | { readonly command: "infer"; readonly request: InferenceRequest }
  | { readonly command: "reconstruct"; readonly request: ReconstructionRequest };

/**
 * Reads a `run.json`; the paths of its inputs come out absolute.
 * @throws PtychonautError "data" when it is not one, or has settings that this version does not know
 */
export async function readSavedRun(path: string, store: RunStore): Promise<SavedRun> {
  const damaged = (got: string): PtychonautError =>
    new PtychonautError("data", "this is not the run.json of a run that can be repeated", { where: path, got });
  const { success, data, error } = schema.safeParse(await readJson(path, store));
  if (!success) {
    const { path: key, message } = error.issues[0];
    throw damaged(`${key.join(".")}: ${message}`);
  }
  const absent = groupsOf(data.command).filter((group) => data.settings[group] === undefined);
  if (absent.length > 0) throw damaged(`no ${absent.join(", ")} settings`);
  const settings = Object.fromEntries(
    Object.entries(data.settings).map(([group, values]) => [group, withoutUnsaid(group as GroupName, values)]),
  ) as SavedRun["settings"];
  try {
    for (const group of groupNames) parseSettings(group, settings[group]);
  } catch (cause) {
    throw damaged(cause instanceof Error ? cause.message : String(cause));
  }
  return {
    ...{ ...data, settings },
    inputs: data.inputs.map((input) => ({ ...input, path: store.absolute(input.path, data.workingFolder) })),
  };
}

/** Without settings of an earlier version that nobody had said. */
const withoutUnsaid = (group: GroupName, settings: Settings): Settings =>
  Object.fromEntries(
    Object.entries(settings).filter(([name, value]) => value !== null || !Object.hasOwn(groups[group].refused, name)),
  );

/** Commands whose runs can be repeated. */
const kinds: ReadonlyMap<string, PayloadKind> = new Map([
  ["train", "training"],
  ["infer", "inference"],
  ["reconstruct", "reconstruction"],
]);

/** The groups of settings that a command's record has. */
function groupsOf(command: string): readonly GroupName[] {
  const kind = kinds.get(command);
  return kind === undefined ? [] : groupsRead[kind];
}

/** Settings of which the record says nothing, as one of an earlier version does: their defaults will be taken. */
export function unsaidSettings({ command, settings }: SavedRun): readonly string[] {
  return groupsOf(command).flatMap((group) =>
    Object.keys(parseSettings(group)).filter((name) => !Object.hasOwn(settings[group] ?? {}, name)),
  );
}

/** The inputs that are not what they were, by path. @throws PtychonautError "data" when one is gone */
export async function changedInputs({ inputs }: SavedRun, home: Home): Promise<readonly string[]> {
  const changed: string[] = [];
  for (const input of inputs) {
    const now = await hashAt(input.path, home);
    if (now !== input.sha256) changed.push(input.path);
  }
  return changed;
}

/**
 * The same run into another folder: with the seeds that were drawn, and a resumed training as a whole.
 * @throws PtychonautError "usage" for commands that leave nothing to repeat
 */
export function repeatRequest(run: SavedRun, outputDir: string): RepeatRequest {
  const { command, inputs, seeds } = run;
  const paths = inputs.map(({ path }) => path);
  if (command === "train") {
    const settings = repeated(run, ["model", "data", "training", "execution"]);
    const { resume: _, ...training } = settings["training"];
    // The scans to train on come first, then the one to validate on, then the model to start from.
    const initFrom = typeof training["initFrom"] === "string" ? paths.pop() : undefined;
    const validated = (run.settings.training?.["testDataFile"] ?? null) !== null;
    const file = {
      ...settings,
      data: { ...settings["data"], subsampleSeed: seeds.grouping },
      training: { ...training, seed: seeds.run, testDataFile: validated ? paths.at(-1) : undefined, initFrom },
    };
    const trainDataFile = validated ? paths.slice(0, -1) : paths;
    return { command, request: { trainDataFile, outputDir, file, ...planned(run) } };
  }
  const [first, second] = paths;
  if (command === "infer" && second !== undefined) {
    // The network's settings are the bundle's.
    const file = repeated(run, ["data", "inference", "execution"]);
    return { command, request: { modelPath: first, testDataFile: second, outputDir, file } };
  }
  if (command === "reconstruct") {
    const { reconstruction, data, ...others } = repeated(run, groupsRead.reconstruction);
    const { resume: _, ...settings } = reconstruction;
    const file = {
      ...others,
      // Grouping is what networks read.
      data: Object.fromEntries(Object.entries(data).filter(([name]) => isRead(name, "reconstruction"))),
      reconstruction: { ...settings, seed: seeds.run },
    };
    return { command, request: { scan: first, outputDir, file, ...planned(run) } };
  }
  throw new PtychonautError("usage", `a run of "${command}" cannot be repeated`, {
    expected: [...kinds.keys()].join(", "),
  });
}

/** What was changed while it ran is changed again in the same epochs. */
function planned({ changes }: SavedRun): { readonly changes?: readonly PlannedChange[] } {
  if (changes === undefined) return {};
  const to = (settings: SettingChange["settings"]): Record<string, number> =>
    Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, value.to]));
  return { changes: changes.map(({ epoch, settings }) => ({ epoch, settings: to(settings) })) };
}

function repeated({ settings, overridden }: SavedRun, groups: readonly GroupName[]): Record<string, Settings> {
  const resolved = Object.fromEntries(groups.map((group) => [group, settings[group] ?? {}]));
  const stated = overridden.map(({ name }) => name);
  return settingsToRepeat(resolved, stated) as Record<string, Settings>;
}
