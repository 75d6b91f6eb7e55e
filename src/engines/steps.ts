import { PtychonautError } from "../errors.ts";
import type { SettingChange } from "./driverState.ts";
import type { Engine } from "./engine.ts";
import { completeSettings, type EngineSettings } from "./settings.ts";

/** What changes, by the names of settings. */
export type ChangedSteps = SettingChange["settings"];

type WithSteps = Pick<Engine, "name" | "settings">;

/** How long an engine's steps are: the settings that may be changed between two epochs, with their values. */
export function stepsOf({ settings: known }: WithSteps, settings: EngineSettings): Readonly<Record<string, number>> {
  const steps = known.filter((setting) => setting.kind === "real" && setting.step === true);
  return Object.fromEntries(steps.map(({ name }) => [name, settings[name] as number]));
}

/**
 * What of some wishes differs from how it is.
 * @throws PtychonautError "usage" for what is no step, values out of range, and a step from 0 or to it
 */
export function changedSteps(
  engine: WithSteps,
  settings: EngineSettings,
  wanted: Readonly<Record<string, number>>,
): ChangedSteps {
  const steps = stepsOf(engine, settings);
  for (const name of Object.keys(wanted))
    if (!Object.hasOwn(steps, name))
      throw new PtychonautError("usage", `${name} of ${engine.name} cannot be changed while it runs`, {
        expected: Object.keys(steps).join(", ") || "nothing",
      });
  completeSettings(engine, { ...settings, ...wanted });
  const changed = Object.entries(wanted).filter(([name, to]) => to !== steps[name]);
  for (const [name, to] of changed)
    if (to === 0 || steps[name] === 0)
      throw new PtychonautError("usage", `${name} of ${engine.name} cannot become ${to} while it runs`, {
        expected: steps[name] === 0 ? "0, as it began" : "above 0, as it began",
        fix: "begin another run with it, from the object and the probe of this one",
      });
  return Object.fromEntries(changed.map(([name, to]) => [name, { from: steps[name], to }]));
}

/** Settings of a stage after its changes. @param stage from 1 */
export function withChanges(
  settings: EngineSettings,
  changes: readonly SettingChange[] | undefined,
  stage: number,
): EngineSettings {
  const own = (changes ?? []).filter((change) => change.stage === stage);
  const values = own.flatMap((change) => Object.entries(change.settings).map(([name, { to }]) => [name, to] as const));
  return { ...settings, ...Object.fromEntries(values) };
}
