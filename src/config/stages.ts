import type { ModeStatement } from "../engines/modes/startModes.ts";
import { engineNamed, engineNames } from "../engines/registry.ts";
import { completeSettings, type EngineSetting, type EngineSettings } from "../engines/settings.ts";
import type { Wrapper } from "../engines/wrapper.ts";
import { wrapperNamed, wrapperNames } from "../engines/wrappers/registry.ts";
import { nearestName, PtychonautError, setting } from "../errors.ts";
import type { Work } from "../runtime/accelerator.ts";
import { ownersOf, ownSettingNames } from "./engineFields.ts";
import type { Settings } from "./group.ts";
import { canonicalName, snakeCase } from "./names.ts";
import { AUTO, type ReconstructionConfig, type StageStatement } from "./reconstructionConfig.ts";
import { parseSettings } from "./schema.ts";
import { wrapperList } from "./wrapperList.ts";

/** Epochs with one engine, its wrappers and one set of settings. */
export interface StageConfig {
  readonly engine: string;
  readonly epochs: number;
  readonly subPixel: ReconstructionConfig["subPixel"];
  /** Of the probe, where they are said. */
  readonly modes?: ModeStatement;
  /** Object pixels are so many times as large as the scan's; absent where they are as large. */
  readonly coarse?: number;
  /** All that the engine has. */
  readonly settings: EngineSettings;
  /** In the order in which they work, each with all its settings. */
  readonly wrappers: readonly { readonly name: string; readonly settings: EngineSettings }[];
}

/** Where an engine computes. Those that `auto` chooses among take kernels. */
export const workOf = (engine: string): Work =>
  engine !== AUTO && engineNamed(engine).inGraphs === true ? "graphs" : "kernels";

/** What a stage may say beside the settings of its engine and its wrappers. */
const own = [
  ...["engine", "epochs", "multigrid", "subPixel", "wrappers", "probeModes", "modeStart", "modePower"],
] as readonly string[];

/**
 * The stages of a reconstruction, complete: what a stage does not say is as beside it, and what nobody says is the default
 * of its engine or wrapper. Settings beside the stages hold in those that have them.
 * @throws PtychonautError "usage" for a setting that nothing in use has, unknown ones, wrong values, and wrappers that make
 *   no sense with an engine
 */
export function stagesOf(config: ReconstructionConfig): readonly StageConfig[] {
  if (config.engine === AUTO) {
    if (config.stage.length === 0) return [undecided(config)];
    return stagesOf({ ...config, engine: BESIDE_STAGES });
  }
  const said = config.stage.length === 0 ? [{}] : config.stage.map(statedIn);
  const stages = said.flatMap((settings, i) => stageOf(settings, config, i + 1));
  const used = stages.flatMap(({ engine, wrappers }) => [engine, ...wrappers.map(({ name }) => name)]);
  for (const name of ownSettingNames)
    if (config[name] !== null && !ownersOf(name).some((owner) => used.includes(owner)))
      throw unowned(name, stages[0].engine);
  checkModes(config, said);
  return stages;
}

/** How added modes begin is idle where nobody says how many there are to be. */
function checkModes(config: ReconstructionConfig, said: readonly Settings[]): void {
  if (config.probeModes !== null || said.some(({ probeModes = null }) => probeModes !== null)) return;
  const defaults = parseSettings("reconstruction");
  for (const name of ["modeStart", "modePower"] as const) {
    const value = [config[name], ...said.map((each) => each[name])].find(
      (each) => each !== undefined && each !== defaults[name],
    );
    if (value === undefined) continue;
    throw new PtychonautError("usage", `${snakeCase(name)} has an effect only when probe_modes is given`, {
      got: `${snakeCase(name)} ${value}`,
    });
  }
}

/** What a reconstruction, or a stage, says of the probe's modes. */
function modesOf({ probeModes, modeStart, modePower }: ReconstructionConfig): Pick<StageConfig, "modes"> {
  return probeModes === null ? {} : { modes: { count: probeModes, start: modeStart, power: modePower } };
}

/** Grids of the last stage as it was said, each of which is a stage. */
export function gridsOfLast({ multigrid, stage }: ReconstructionConfig): number {
  const said = stage.length === 0 ? {} : statedIn(stage[stage.length - 1]);
  const grids = (said["multigrid"] ?? multigrid) as ReconstructionConfig["multigrid"];
  return grids?.length ?? 1;
}

/** Of stages that say none. */
const BESIDE_STAGES = "lsqml";

/** The one stage of a reconstruction whose engine the data choose; the settings of engines are looked at once they have. */
function undecided(config: ReconstructionConfig): StageConfig {
  const { epochs, subPixel } = config;
  const taken = config.wrappers ?? [];
  const said = ownSettingNames.filter((name) => config[name] !== null && !ownersOf(name).some(isIn(taken)));
  for (const name of said) if (!ownersOf(name).some(isIn(engineNames))) throw unowned(name, undefined);
  if (!engineNames.some((engine) => said.every((name) => ownersOf(name).includes(engine)))) throw together(said);
  checkModes(config, []);
  return { engine: AUTO, epochs, subPixel, ...modesOf(config), settings: {}, wrappers: [] };
}

/**
 * Stages as far as they are known before the data choose: those of `auto` have the grids and the wrappers that were said, and
 * epochs that nobody knows.
 */
export function plannedStages(
  config: ReconstructionConfig,
  stages: readonly StageConfig[],
): readonly Pick<StageConfig, "coarse" | "epochs" | "wrappers">[] {
  if (stages[0].engine !== AUTO) return stages;
  const wrappers = (config.wrappers ?? []).map((name) => ({
    name,
    settings: settingsFor(wrapperNamed(name), config),
  }));
  return (config.multigrid ?? [1]).map((coarse) => ({ coarse, epochs: Number.POSITIVE_INFINITY, wrappers }));
}

const isIn = (names: readonly string[]) => (name: string) => names.includes(name);

/** Of settings that no engine has all of. */
function together(names: readonly string[]): PtychonautError {
  const words = names.map(snakeCase);
  return new PtychonautError(
    "usage",
    `no engine has ${words.length === 2 ? `both ${words.join(" and ")}` : `all of ${words.join(", ")}`}`,
    {
      expected: names
        .map((name) => `${snakeCase(name)} with ${ownersOf(name).filter(isIn(engineNames)).join(", ")}`)
        .join("; "),
      fix: `name the engine that is meant (${setting("engine")}) and leave out what it does not have`,
    },
  );
}

function stageOf(said: Settings, config: ReconstructionConfig, number: number): readonly StageConfig[] {
  const merged = parseSettings("reconstruction", { ...config, stage: [], ...said });
  const { engine, epochs, subPixel, multigrid } = merged;
  if (engine === AUTO)
    throw new PtychonautError("usage", "auto makes its own stage", {
      where: `stage ${number}`,
      expected: engineNames.join(", "),
      fix: "leave the stages out, or name their engines",
    });
  const list = wrapperList(merged.wrappers, config.stage.length === 0 ? undefined : `stage ${number}`);
  const names = wrapperNames.filter((name) => list?.includes(name));
  for (const name of Object.keys(said))
    if (ownSettingNames.includes(name) && !ownersOf(name).some((owner) => owner === engine || names.includes(owner)))
      throw unowned(name, engine, `stage ${number}`);
  const settings = settingsFor(engineNamed(engine), merged);
  if (config.slices > 1 && engineNamed(engine).multislice !== true)
    throw new PtychonautError("usage", `${engine} knows no slices`, {
      ...(config.stage.length === 0 ? {} : { where: `stage ${number}` }),
      expected: engineNames.filter((name) => engineNamed(name).multislice === true).join(", "),
    });
  if (config.objectModes > 1 && engineNamed(engine).objectModes !== true)
    throw new PtychonautError(
      "usage",
      `${engine} reconstructs one state of the object alone: it has one exit wave for each mode of the probe`,
      {
        ...(config.stage.length === 0 ? {} : { where: `stage ${number}` }),
        expected: engineNames.filter((name) => engineNamed(name).objectModes === true).join(", "),
        fix: `take another engine, or leave out ${setting("object_modes")}`,
      },
    );
  if (subPixel === "fourier" && engineNamed(engine).inGraphs === true)
    throw new PtychonautError("usage", `the graph of ${engine} weighs four pixels, and moves no light`, {
      ...(config.stage.length === 0 ? {} : { where: `stage ${number}` }),
      fix: `say ${setting("sub_pixel", "bilinear")}, or take another engine`,
    });
  const wrappers = names.map((name) => {
    const wrapper = wrapperNamed(name);
    const where = config.stage.length === 0 ? {} : { where: `stage ${number}` };
    const planes = planesRefused(wrapper, config);
    if (planes !== undefined)
      throw new PtychonautError("usage", `${name} makes no sense here: ${planes.why}`, {
        ...where,
        fix: `leave ${name} out, or ${planes.instead}`,
      });
    const reason = engineNamed(engine).refuses?.(wrapper, settings);
    if (reason !== undefined)
      throw new PtychonautError("usage", `${name} makes no sense with ${engine}: ${reason}`, {
        ...where,
        fix: `leave ${name} out, or take another engine`,
      });
    const facts = { settings, subPixel: subPixel === "auto" ? undefined : subPixel };
    const refusal = wrapper.refuses?.({ engine: engineNamed(engine), ...facts });
    if (refusal !== undefined)
      throw new PtychonautError("usage", `${name} makes no sense here: ${refusal.why}`, { ...where, fix: refusal.fix });
    const own = settingsFor(wrapper, merged);
    const contradiction = wrapper.contradiction?.(own);
    if (contradiction !== undefined)
      throw new PtychonautError("usage", contradiction.why, {
        where: config.stage.length === 0 ? `wrapper ${name}` : `wrapper ${name} of stage ${number}`,
        fix: contradiction.fix,
      });
    return { name, settings: own };
  });
  const levels = levelsOf(multigrid ?? [1], epochs);
  const fewest = Math.min(...levels.map(([, part]) => part));
  const contradiction = engineNamed(engine).contradiction?.(settings, fewest);
  if (contradiction !== undefined)
    throw new PtychonautError("usage", contradiction.why, {
      where: config.stage.length === 0 ? `engine ${engine}` : `stage ${number}`,
      fix: contradiction.fix,
    });
  const stage = { engine, subPixel, ...modesOf(merged as ReconstructionConfig), settings, wrappers };
  return levels.map(([coarse, part]) => ({
    ...stage,
    epochs: part,
    ...(coarse === 1 ? {} : { coarse }),
  }));
}

/** Why a wrapper cannot have an object of several planes, and what to leave out instead of it. */
function planesRefused(
  { thin, oneState }: Wrapper,
  { slices, objectModes }: ReconstructionConfig,
): { readonly why: string; readonly instead: string } | undefined {
  if (slices > 1 && thin === true)
    return { why: "it takes the object to be one slice", instead: `leave out ${setting("slices")}` };
  if (objectModes > 1 && (thin === true || oneState === true))
    return { why: "it takes the object to be in one state", instead: `leave out ${setting("object_modes")}` };
  return undefined;
}

/** A stage for each grid, which share its epochs. */
function levelsOf(factors: readonly number[], epochs: number): readonly (readonly [coarse: number, epochs: number])[] {
  if (factors.length > epochs)
    throw new PtychonautError("usage", "multigrid needs an epoch for each of its grids", {
      expected: `at least ${factors.length} epochs`,
      got: `${epochs}`,
    });
  const until = (level: number): number => Math.round((level * epochs) / factors.length);
  return factors.map((factor, level) => [factor, until(level + 1) - until(level)]);
}

function settingsFor(
  owner: { readonly name: string; readonly settings: readonly EngineSetting[] },
  merged: Settings,
): EngineSettings {
  const stated = owner.settings.flatMap(({ name }) => (merged[name] === null ? [] : [[name, merged[name]] as const]));
  return completeSettings(owner, Object.fromEntries(stated) as EngineSettings);
}

/** @param engine that does not have it; undefined where none was named, and none has it */
function unowned(name: string, engine: string | undefined, where?: string): PtychonautError {
  const owners = ownersOf(name);
  const wrappers = owners.filter((owner) => wrapperNames.includes(owner));
  const engines = owners.filter((owner) => !wrappers.includes(owner));
  const known = engine === undefined ? [] : engineNamed(engine).settings.map((own) => snakeCase(own.name));
  return new PtychonautError("usage", `${snakeCase(name)} is no setting of ${engine ?? "any engine"}`, {
    ...(where === undefined ? {} : { where }),
    ...(engine === undefined ? {} : { expected: known.length === 0 ? "none" : known.join(", ") }),
    fix: `leave it out, or ${[
      ...(engines.length === 0 ? [] : [`take an engine that has it: ${engines.join(", ")}`]),
      ...(wrappers.length === 0 ? [] : [`add the wrapper that has it: ${wrappers.join(", ")}`]),
    ].join(", or ")}`,
  });
}

/** The settings that a stage says, by their names, as values. */
function statedIn(statement: StageStatement): Settings {
  const entries = typeof statement === "string" ? wordsOf(statement) : Object.entries(statement);
  const settings: Record<string, unknown> = {};
  for (const [spelling, value] of entries) {
    const name = canonicalName(spelling, "reconstruction");
    if (![...own, ...ownSettingNames].includes(name)) throw notOfStage(spelling);
    if (Object.hasOwn(settings, name))
      throw new PtychonautError("usage", `${snakeCase(name)} stands twice in a stage`, { got: String(statement) });
    settings[name] = readValue(name, value);
  }
  return settings;
}

/** Lists have + between their words. */
function readValue(name: string, value: unknown): unknown {
  if (name === "wrappers" && typeof value === "string") return value.split("+");
  if (name !== "multigrid") return value;
  if (typeof value === "number") return [value];
  return typeof value === "string" ? value.split("+").map(Number) : value;
}

function wordsOf(statement: string): [string, unknown][] {
  return statement.split(",").map((part) => {
    const at = part.indexOf("=");
    if (at < 1 || at === part.length - 1)
      throw new PtychonautError("usage", "a stage is settings and their values", {
        expected: "engine=rpie,epochs=20",
        got: statement,
      });
    return [part.slice(0, at).trim(), valueIn(part.slice(at + 1).trim())];
  });
}

const valueIn = (text: string): unknown =>
  text === "true"
    ? true
    : text === "false"
      ? false
      : text !== "" && Number.isFinite(Number(text))
        ? Number(text)
        : text;

function notOfStage(spelling: string): PtychonautError {
  const known = [...own, ...ownSettingNames].map(snakeCase);
  const near = nearestName(spelling, known);
  return new PtychonautError("usage", `a stage cannot say "${spelling}"`, {
    expected: `${own.map(snakeCase).join(", ")}, or a setting of its engine or wrappers`,
    fix: near === undefined ? "say it beside the stages, if it is a setting" : `did you mean "${near}"?`,
  });
}
