import { ownSettingNames } from "../../config/engineFields.ts";
import { reconstructionGroup } from "../../config/reconstructionConfig.ts";
import type { StageConfig } from "../../config/stages.ts";
import type { RunIdentity } from "../../training/checkpoint.ts";

/** What stages settle, so that beside them it says nothing more. */
const settled: ReadonlySet<string> = new Set([
  ...["engine", "subPixel", "wrappers", "probeModes", "modeStart", "modePower"],
  ...ownSettingNames,
  // Of an earlier version, whose stages say them too.
  ...Object.keys(reconstructionGroup.refused),
]);

/**
 * Two identities by the settings of their stages, to be told apart setting by setting: those of an engine, or of a wrapper,
 * that only one of them has follow from that.
 */
export function stageBySetting(saved: RunIdentity, wanted: RunIdentity): readonly [RunIdentity, RunIdentity] {
  const [before, now] = [stagesOf(saved), stagesOf(wanted)];
  const several = before.length > 1 || now.length > 1;
  const spread = (own: readonly Stage[], others: readonly Stage[]): RunIdentity =>
    Object.fromEntries(
      own.flatMap((stage, i) =>
        Object.entries(settingsOf(stage, others[i])).map(([name, value]) => [
          several ? `stage ${i + 1}, ${name}` : name,
          value,
        ]),
      ),
    );
  return [
    { ...beside(saved), ...spread(before, now) },
    { ...beside(wanted), ...spread(now, before) },
  ];
}

type Stage = Partial<StageConfig>;

const stagesOf = ({ stages }: RunIdentity): readonly Stage[] => (Array.isArray(stages) ? stages : []);

/** The seed that was said is what the data's follows from; that of the run is the checkpoint's own. */
const beside = ({ stages: _, subsampleSeed, seed, ...settings }: RunIdentity): RunIdentity => ({
  ...Object.fromEntries(Object.entries(settings).filter(([name]) => !settled.has(name))),
  seed: subsampleSeed ?? seed,
});

function settingsOf({ settings, wrappers = [], ...stage }: Stage, other: Stage | undefined): RunIdentity {
  const shared = wrappers.filter(({ name }) => other?.wrappers?.some((each) => each.name === name));
  return {
    ...stage,
    wrappers: wrappers.map(({ name }) => name),
    ...(other === undefined || other.engine !== stage.engine ? {} : settings),
    ...Object.assign({}, ...shared.map((wrapper) => wrapper.settings)),
  };
}
