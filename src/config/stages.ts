import { engineNamed, enginesWith } from "../engines/registry.ts";
import { completeSettings, type EngineSettings } from "../engines/settings.ts";
import { PtychonautError } from "../errors.ts";
import { engineSettingNames } from "./engineFields.ts";
import type { Settings } from "./group.ts";
import { canonicalName, snakeCase } from "./names.ts";
import type { ReconstructionConfig, StageStatement } from "./reconstructionConfig.ts";
import { parseSettings } from "./schema.ts";

/** Epochs with one engine and one set of settings. */
export interface StageConfig {
  readonly engine: string;
  readonly epochs: number;
  readonly subPixel: ReconstructionConfig["subPixel"];
  /** All that the engine has. */
  readonly settings: EngineSettings;
}

/** What a stage may say beside the settings of its engine. */
const own = ["engine", "epochs", "subPixel"] as const;

/**
 * The stages of a reconstruction, complete: what a stage does not say is as beside it, and what nobody says is the engine's
 * default. Settings beside the stages hold in those whose engine has them.
 * @throws PtychonautError "usage" for a setting that no engine in use has, unknown ones, and wrong values
 */
export function stagesOf(config: ReconstructionConfig): readonly StageConfig[] {
  const stages = config.stage.length === 0 ? [{}] : config.stage.map(statedIn);
  const engines = stages.map(({ engine = config.engine }) => String(engine));
  for (const name of engineSettingNames)
    if (config[name] !== null && !engines.some((engine) => has(engine, name))) throw notOfEngine(name, engines);
  return stages.map((said, i) => stageOf(said, engines[i], config, i + 1));
}

function stageOf(said: Settings, engine: string, config: ReconstructionConfig, number: number): StageConfig {
  for (const name of Object.keys(said))
    if (engineSettingNames.includes(name) && !has(engine, name)) throw notOfEngine(name, [engine], number);
  const merged = parseSettings("reconstruction", { ...config, stage: [], ...said });
  const names = engineNamed(engine).settings.map(({ name }) => name);
  const stated = Object.fromEntries(names.filter((name) => merged[name] !== null).map((name) => [name, merged[name]]));
  const { epochs, subPixel } = merged;
  const settings = completeSettings(engineNamed(engine), stated as EngineSettings);
  return { engine, epochs, subPixel, settings };
}

const has = (engine: string, name: string): boolean =>
  engineNamed(engine).settings.some((setting) => setting.name === name);

function notOfEngine(name: string, engines: readonly string[], stage?: number): PtychonautError {
  const [engine] = engines;
  const others = engines.length === 1 ? `${engine} does not have` : `none of ${engines.join(", ")} has`;
  const known = engineNamed(engine).settings.map((setting) => snakeCase(setting.name));
  return new PtychonautError("usage", `${snakeCase(name)} is a setting that ${others}`, {
    ...(stage === undefined ? {} : { where: `stage ${stage}` }),
    expected: known.length === 0 ? `${engine} has no settings of its own` : `of ${engine} ${known.join(", ")}`,
    fix: `leave it out, or take an engine that has it: ${enginesWith(name).join(", ")}`,
  });
}

/** The settings that a stage says, by their names, as values. */
function statedIn(statement: StageStatement): Settings {
  const entries = typeof statement === "string" ? wordsOf(statement) : Object.entries(statement);
  const settings: Record<string, unknown> = {};
  for (const [spelling, value] of entries) {
    const name = canonicalName(spelling, "reconstruction");
    if (![...own, ...engineSettingNames].includes(name)) throw notOfStage(spelling);
    if (Object.hasOwn(settings, name))
      throw new PtychonautError("usage", `${snakeCase(name)} stands twice in a stage`, { got: String(statement) });
    settings[name] = value;
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
  const known = [...own, ...engineSettingNames].map(snakeCase);
  return new PtychonautError("usage", `a stage cannot say "${spelling}"`, { expected: known.join(", ") });
}
