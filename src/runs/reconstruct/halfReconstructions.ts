import type { Communicator } from "../../communicator.ts";
import { interleavedHalves } from "../../data/halves.ts";
import { type Driven, drive } from "../../engines/driver.ts";
import type { SettingChange } from "../../engines/driverState.ts";
import type { Look } from "../../engines/runningStage.ts";
import { Random } from "../../random.ts";
import type { RunHooks } from "../hooks.ts";
import type { ReconstructionRun } from "./reconstructionRun.ts";

/** A half of the patterns, reconstructed by itself. */
export interface HalfLook {
  readonly look: Look;
  readonly patterns: number;
}

/**
 * The same reconstruction from either half of the patterns: the same beginning, stages and epochs as the whole had, also
 * where it stopped early.
 * @returns undefined, with a word, where a half was not brought to its end
 */
export async function halfReconstructions(
  run: ReconstructionRun,
  { kind, state, kept }: Driven,
  { signal, log, progress: bar }: RunHooks,
  ranks: Communicator,
): Promise<readonly [HalfLook, HalfLook] | undefined> {
  if (kind === "interrupted" || kind === "diverged") return undefined;
  // A stream of its own, so that the whole is what it is without halves.
  const random = new Random(run.seed ^ 0x68616c66);
  const halves = interleavedHalves(run.frames, random);
  if (halves.some(({ length }) => length === 0)) {
    run.warn("a single pattern has no halves, so there are no expected errors");
    return undefined;
  }
  const done = (stage: number): number => state.history.filter((record) => record.stage === stage).length;
  const last = kept === undefined ? 0 : state.history.length - kept;
  const stages = run.stages
    .map((stage, i) => ({ ...stage, epochs: done(i + 1) - (i === run.stages.length - 1 ? last : 0) }))
    .filter(({ epochs }) => epochs > 0);
  const epochs = stages.reduce((sum, stage) => sum + stage.epochs, 0);
  log("reconstructing each half of the patterns, for expected errors");
  const progress = bar("reconstructing halves", epochs * run.frames.length);
  const looks: HalfLook[] = [];
  try {
    for (const [i, frames] of halves.entries()) {
      const before = i * epochs * halves[0].length;
      const driven = await drive({
        ...{ scan: run.scan, stages, frames, heldOut: new Int32Array(), random: random.fork(), kernels: run.kernels },
        ...(run.graphs === undefined ? {} : { runtime: run.graphs }),
        ...{ signal, ranks },
        // With the steps that the whole had.
        async changes({ epoch }, settings) {
          const made = state.changes?.filter((change) => change.epoch === epoch).map((change) => change.settings) ?? [];
          const last = Object.entries(Object.assign({}, ...made) as SettingChange["settings"]);
          return Object.fromEntries(last.filter(([name, { to }]) => settings[name] !== to));
        },
        listener: {
          batch: (epoch, some) => progress.update(before + (epoch - 1) * frames.length + some, `half ${i + 1}`),
        },
      });
      if (driven.kind !== "completed") {
        run.warn(
          `half of the patterns ${driven.kind === "diverged" ? "diverges" : "was interrupted"}, so there are no expected errors`,
        );
        return undefined;
      }
      looks.push({ look: driven.look, patterns: frames.length });
    }
  } finally {
    progress.finish();
  }
  return [looks[0], looks[1]];
}
