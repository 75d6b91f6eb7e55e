import type { Communicator } from "../../communicator.ts";
import { Random } from "../../random.ts";
import type { SubPixel } from "../canvas.ts";
import { drive } from "../driver.ts";
import type { Kernels } from "../kernels/kernels.ts";
import { engineNamed } from "../registry.ts";
import type { Look, Stage } from "../runningStage.ts";
import type { EngineScan } from "../scan.ts";
import { completeSettings } from "../settings.ts";
import { wrapperNamed } from "../wrappers/registry.ts";
import { type Attempt, LEAST_HELD_OUT, type Try } from "./decide.ts";

/** Frames that are tried on, the ones around the scan's middle. */
const FRAMES = 192;
/** Epochs of a try. With wrappers it goes on where three epochs without them came to, so that there is an object to refine by. */
const EPOCHS = { before: 3, after: 2 } as const;
/** Of few windows small scans have time for more, and need them: so many complex numbers of exit waves pass in all. */
const OF_FEW = { least: 5, most: 40, values: 5e7 } as const;

export interface Trial {
  readonly scan: EngineScan;
  readonly frames: Int32Array;
  readonly heldOut: Int32Array;
  /** Of every try. */
  readonly how: Pick<Stage, "modes"> & { readonly subPixel: SubPixel };
  readonly kernels: () => Promise<Kernels>;
  readonly signal: AbortSignal | undefined;
  /** The processes that share the frames. */
  readonly ranks: Communicator;
}

/** Frames of a batch, where several processes share those of an engine that takes one after the other. */
const SHARED_BATCH = 16;

/** What an engine is told, beside its defaults, for so many processes to share its frames. */
export function sharedSettings(name: string, processes: number): { readonly batchSize?: number } {
  const engine = engineNamed(name);
  return processes > 1 && engine.alone?.(completeSettings(engine)) !== undefined ? { batchSize: SHARED_BATCH } : {};
}

/** @returns what attempts come to in a few epochs with some of the frames; nothing where too few of them are held out */
export async function tryAll(trial: Trial, attempts: readonly Attempt[]): Promise<readonly Try[]> {
  const { scan, heldOut, frames } = trial;
  const near = aroundTheMiddle(scan.positions);
  const held = new Set(heldOut);
  const some = { frames: near.filter((frame) => !held.has(frame)), heldOut: near.filter((frame) => held.has(frame)) };
  if (some.heldOut.length < LEAST_HELD_OUT || frames.length === 0) return [];
  const [modes, height, width] = scan.probe.shape;
  const passes = OF_FEW.values / (some.frames.length * modes * height * width);
  const ofFew = Math.round(Math.min(OF_FEW.most, Math.max(OF_FEW.least, passes)));
  const wrapped = attempts.some(({ wrappers }) => wrappers.length > 0);
  const tries: Try[] = [];
  let begun: Look | undefined;
  for (const attempt of attempts) {
    const { engine: name, wrappers } = attempt;
    const settings = completeSettings(engineNamed(name), sharedSettings(name, trial.ranks.size));
    const facts = { engine: engineNamed(name), settings, subPixel: trial.how.subPixel };
    if (wrappers.some((each) => wrapperNamed(each).refuses?.(facts) !== undefined)) continue;
    const part = { ...trial, ...some };
    let done: Driven;
    if (!wrapped) done = await driven(part, attempt, ofFew);
    else if (name !== "lsqml") done = await driven(part, attempt, EPOCHS.before + EPOCHS.after);
    else {
      begun ??= (await driven(part, { ...attempt, wrappers: [] }, EPOCHS.before)).look;
      const { object, probe } = begun;
      done = await driven({ ...part, scan: { ...scan, object, probe } }, attempt, EPOCHS.after);
    }
    tries.push({ ...attempt, error: done.error, deviance: done.deviance });
    if (done.interrupted) return [];
  }
  return tries;
}

type Driven = Pick<Try, "error" | "deviance"> & { readonly look: Look; readonly interrupted: boolean };

async function driven(
  { scan, frames, heldOut, how, kernels, signal, ranks }: Trial,
  { engine: name, wrappers, keepsProbe, noise }: Attempt,
  epochs: number,
): Promise<Driven> {
  const engine = engineNamed(name);
  const said = {
    ...sharedSettings(name, ranks.size),
    ...(keepsProbe ? { probeStart: epochs } : {}),
    ...(noise === undefined ? {} : { noise }),
  };
  const stage: Stage = {
    ...{ engine, settings: completeSettings(engine, said), epochs, ...how },
    wrappers: wrappers.map((each) => {
      const wrapper = wrapperNamed(each);
      return { wrapper, settings: completeSettings(wrapper, each === "positions" ? { positionStart: 0 } : {}) };
    }),
  };
  const { state, look, kind } = await drive({
    ...{ scan, frames, heldOut, stages: [stage], random: new Random(1), kernels, ranks, ...(signal && { signal }) },
  });
  const { error, deviance } = state.history.at(-1)?.heldOut ?? { error: NaN, deviance: NaN };
  return { error: orWorst(error), deviance: orWorst(deviance), look, interrupted: kind === "interrupted" };
}

const orWorst = (misfit: number): number => (Number.isFinite(misfit) ? misfit : Number.POSITIVE_INFINITY);

/** Frames whose positions are nearest to the middle of all, in their order. */
function aroundTheMiddle(positions: Float64Array): Int32Array {
  const count = positions.length / 2;
  const middle = [0, 1].map((axis) => {
    let sum = 0;
    for (let k = axis; k < positions.length; k += 2) sum += positions[k] / count;
    return sum;
  });
  const away = (frame: number): number =>
    Math.hypot(positions[2 * frame] - middle[0], positions[2 * frame + 1] - middle[1]);
  return Int32Array.from({ length: count }, (_, i) => i)
    .sort((a, b) => away(a) - away(b) || a - b)
    .slice(0, FRAMES)
    .sort();
}
