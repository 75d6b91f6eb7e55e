import { engineNamed, engineNames } from "../engines/registry.ts";
import { completeSettings, type EngineSetting, type EngineSettings } from "../engines/settings.ts";
import { wrapperNamed, wrapperNames } from "../engines/wrappers/registry.ts";
import { PtychonautError } from "../errors.ts";
import { ownersOf, ownSettingNames } from "./engineFields.ts";
import { allOf } from "./fields.ts";
import type { Settings } from "./group.ts";
import { canonicalName, snakeCase } from "./names.ts";
import { AUTO, type ReconstructionConfig, type StageStatement } from "./reconstructionConfig.ts";
import { parseSettings } from "./schema.ts";

/** Epochs with one engine, its wrappers and one set of settings. */
export interface StageConfig {
  readonly engine: string;
  readonly epochs: number;
  readonly subPixel: ReconstructionConfig["subPixel"];
  /** All that the engine has. */
  readonly settings: EngineSettings;
  /** In the order in which they work, each with all its settings. */
  readonly wrappers: readonly { readonly name: string; readonly settings: EngineSettings }[];
}

/** What a stage may say beside the settings of its engine and its wrappers. */
const own = ["engine", "epochs", "subPixel", "wrappers"] as const;

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
  const stages = said.map((settings, i) => stageOf(settings, config, i + 1));
  const used = stages.flatMap(({ engine, wrappers }) => [engine, ...wrappers.map(({ name }) => name)]);
  for (const name of ownSettingNames)
    if (config[name] !== null && !ownersOf(name).some((owner) => used.includes(owner)))
      throw unowned(name, stages[0].engine);
  return stages;
}

/** Of stages that say none. */
const BESIDE_STAGES = "lsqml";

/** The one stage of a reconstruction whose engine the data choose; the settings of engines are looked at once they have. */
function undecided(config: ReconstructionConfig): StageConfig {
  const { epochs, subPixel } = config;
  const taken = allOf(config.wrappers) ?? [];
  for (const name of ownSettingNames)
    if (config[name] !== null && !ownersOf(name).some((owner) => engineNames.includes(owner) || taken.includes(owner)))
      throw unowned(name, BESIDE_STAGES);
  return { engine: AUTO, epochs, subPixel, settings: {}, wrappers: [] };
}

function stageOf(said: Settings, config: ReconstructionConfig, number: number): StageConfig {
  const merged = parseSettings("reconstruction", { ...config, stage: [], ...said });
  const { engine, epochs, subPixel } = merged;
  if (engine === AUTO)
    throw new PtychonautError("usage", "auto makes its own stage", {
      where: `stage ${number}`,
      expected: engineNames.join(", "),
      fix: "leave the stages out, or name their engines",
    });
  const names = wrapperNames.filter((name) => allOf(merged.wrappers)?.includes(name));
  for (const name of Object.keys(said))
    if (ownSettingNames.includes(name) && !ownersOf(name).some((owner) => owner === engine || names.includes(owner)))
      throw unowned(name, engine, `stage ${number}`);
  const settings = settingsFor(engineNamed(engine), merged);
  if (config.slices > 1 && engineNamed(engine).multislice !== true)
    throw new PtychonautError("usage", `${engine} knows no slices`, {
      ...(config.stage.length === 0 ? {} : { where: `stage ${number}` }),
      expected: engineNames.filter((name) => engineNamed(name).multislice === true).join(", "),
    });
  const wrappers = names.map((name) => {
    const wrapper = wrapperNamed(name);
    const thin = config.slices > 1 && wrapper.thin === true ? "it takes the object to be one slice" : undefined;
    const reason = thin ?? wrapper.refuses?.({ name: engine, settings });
    if (reason !== undefined)
      throw new PtychonautError("usage", `${name} makes no sense with ${engine}: ${reason}`, {
        ...(config.stage.length === 0 ? {} : { where: `stage ${number}` }),
      });
    const own = settingsFor(wrapper, merged);
    const contradiction = wrapper.contradiction?.(own);
    if (contradiction !== undefined)
      throw new PtychonautError("usage", contradiction, {
        where: config.stage.length === 0 ? `wrapper ${name}` : `wrapper ${name} of stage ${number}`,
        fix: "state both, the smaller one first, or leave out the one that is not meant",
      });
    return { name, settings: own };
  });
  return { engine, epochs, subPixel, settings, wrappers };
}

function settingsFor(
  owner: { readonly name: string; readonly settings: readonly EngineSetting[] },
  merged: Settings,
): EngineSettings {
  const stated = owner.settings.flatMap(({ name }) => (merged[name] === null ? [] : [[name, merged[name]] as const]));
  return completeSettings(owner, Object.fromEntries(stated) as EngineSettings);
}

function unowned(name: string, engine: string, where?: string): PtychonautError {
  const owners = ownersOf(name);
  const wrappers = owners.filter((owner) => wrapperNames.includes(owner));
  const engines = owners.filter((owner) => !wrappers.includes(owner));
  const known = engineNamed(engine).settings.map((setting) => snakeCase(setting.name));
  return new PtychonautError("usage", `${snakeCase(name)} is no setting of ${engine}`, {
    ...(where === undefined ? {} : { where }),
    expected: known.length === 0 ? "none" : known.join(", "),
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
    settings[name] = name === "wrappers" && typeof value === "string" ? value.split("+") : value;
  }
  return settings;
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
  return new PtychonautError("usage", `a stage cannot say "${spelling}"`, { expected: known.join(", ") });
}
