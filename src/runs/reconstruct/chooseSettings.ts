import { ownersOf, ownSettingNames } from "../../config/engineFields.ts";
import type { ReconstructionPayload } from "../../config/payload.ts";
import { AUTO } from "../../config/reconstructionConfig.ts";
import { stagesOf } from "../../config/stages.ts";
import { type Decision, decide, FEW_VIEWS, LEAST_HELD_OUT, type Try, tried } from "../../engines/auto/decide.ts";
import { measuredFacts } from "../../engines/auto/facts.ts";
import { drive } from "../../engines/driver.ts";
import type { Kernels } from "../../engines/kernels/kernels.ts";
import { engineNamed, engineNames } from "../../engines/registry.ts";
import { completeSettings } from "../../engines/settings.ts";
import { wrapperNamed } from "../../engines/wrappers/registry.ts";
import { Random } from "../../random.ts";
import type { ScanForEngines } from "./scanForEngines.ts";

/** Frames that are tried on, the ones around the scan's middle, and epochs of a try. */
const TRIED = 256;
const EPOCHS = 5;
/** From which epoch of a try positions move. */
const POSITIONS_FROM = 1;

export interface Chosen {
  readonly payload: ReconstructionPayload;
  /** Lines worth telling. */
  readonly why: readonly string[];
}

/**
 * What `auto` makes of a scan: the same payload with its settings, none of which anybody said otherwise, and the stages that
 * follow from them. Any other payload stays as it is.
 */
export async function chooseSettings(
  payload: ReconstructionPayload,
  prepared: ScanForEngines,
  kernels: () => Promise<Kernels>,
  signal: AbortSignal,
): Promise<Chosen> {
  const { reconstruction, overridden } = payload;
  if (payload.stages[0].engine !== AUTO) return { payload, why: [] };
  const said = new Set(overridden.map(({ name }) => name));
  const own = ownSettingNames.filter((name) => reconstruction[name] !== null);
  const facts = measuredFacts(prepared.scan, prepared.frames);
  const worthTrying = facts.slices === 1 && facts.views >= FEW_VIEWS && reconstruction.wrappers === null;
  const tries = worthTrying ? await tryAll(prepared, kernels, signal) : [];
  const { settings, why } = decide({ ...facts, heldOut: prepared.heldOut.length, tries });
  const engine = engineWith(own, settings.engine);
  const { engine: _, noise, ...others } = settings;
  const decided = {
    ...others,
    ...(noise !== undefined && ownersOf("noise").includes(engine) && !own.includes("noise") ? { noise } : {}),
    wrappers: settings.wrappers.length === 0 ? null : settings.wrappers,
  };
  const open = Object.entries(decided).filter(([name]) => !said.has(name));
  const resolved = { ...reconstruction, ...Object.fromEntries(open), engine };
  return {
    payload: { ...payload, reconstruction: resolved, stages: stagesOf(resolved) },
    why: engine === settings.engine ? why : [`${engine}: it has ${own.join(", ")}`, ...why.slice(1)],
  };
}

/** The engine that has all settings that were said, if possible the one that the data would like. */
function engineWith(own: readonly string[], liked: Decision["settings"]["engine"]): string {
  const ofEngines = own.filter((name) => ownersOf(name).some((owner) => engineNames.includes(owner)));
  const able = [liked, "lsqml", "rpie", ...engineNames].filter((engine) =>
    ofEngines.every((name) => ownersOf(name).includes(engine)),
  );
  return able[0] ?? liked;
}

async function tryAll(
  { scan, frames, heldOut }: ScanForEngines,
  kernels: () => Promise<Kernels>,
  signal: AbortSignal,
): Promise<readonly Try[]> {
  const near = aroundTheMiddle(scan.positions);
  const held = new Set(heldOut);
  const chosen = { frames: near.filter((frame) => !held.has(frame)), heldOut: near.filter((frame) => held.has(frame)) };
  if (chosen.heldOut.length < LEAST_HELD_OUT || frames.length === 0) return [];
  const tries: Try[] = [];
  for (const { engine: name, wrappers } of tried) {
    const engine = engineNamed(name);
    const stage = {
      ...{ engine, settings: completeSettings(engine), epochs: EPOCHS, subPixel: "bilinear" as const },
      wrappers: wrappers.map((each) => {
        const wrapper = wrapperNamed(each);
        const settings = completeSettings(wrapper, each === "positions" ? { positionStart: POSITIONS_FROM } : {});
        return { wrapper, settings };
      }),
    };
    const { state } = await drive({ scan, ...chosen, stages: [stage], random: new Random(1), kernels, signal });
    const error = state.history.at(-1)?.heldOut?.error ?? Number.POSITIVE_INFINITY;
    tries.push({ engine: name, wrappers, error: Number.isFinite(error) ? error : Number.POSITIVE_INFINITY });
    if (signal.aborted) return [];
  }
  return tries;
}

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
    .slice(0, TRIED)
    .sort();
}
