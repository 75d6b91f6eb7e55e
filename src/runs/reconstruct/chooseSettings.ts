import { madeByFirst } from "../../communicator.ts";
import { ownersOf, ownSettingNames } from "../../config/engineFields.ts";
import type { ReconstructionPayload } from "../../config/payload.ts";
import { AUTO } from "../../config/reconstructionConfig.ts";
import { stagesOf } from "../../config/stages.ts";
import { attempts, type Decision, decide, isOpen } from "../../engines/auto/decide.ts";
import { measuredFacts } from "../../engines/auto/facts.ts";
import { sharedSettings, type Trial, tryAll } from "../../engines/auto/tries.ts";
import { engineNames } from "../../engines/registry.ts";
import { completeSettings } from "../../engines/settings.ts";
import { wrapperNamed } from "../../engines/wrappers/registry.ts";
import { counted } from "../../printable.ts";
import type { ScanForEngines } from "./scanForEngines.ts";

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
  { ranks, ...home }: Pick<Trial, "kernels" | "signal" | "ranks">,
): Promise<Chosen> {
  const { reconstruction, overridden } = payload;
  if (payload.stages[0].engine !== AUTO) return { payload, why: [] };
  const said = new Set(overridden.map(({ name }) => name));
  const own = ownSettingNames.filter((name) => reconstruction[name] !== null);
  const { scan, scales, frames, heldOut } = prepared;
  const stated = scales.photonsFrom === "stated" || scales.photonsFrom === "metadata";
  // One goes through the patterns.
  const facts = await madeByFirst(ranks, () => measuredFacts(scan, frames, stated ? "stated" : "values"));
  const how = {
    subPixel: reconstruction.subPixel === "whole" ? ("whole" as const) : ("bilinear" as const),
    ...(payload.stages[0].modes === undefined ? {} : { modes: payload.stages[0].modes }),
  };
  const worthTrying = isOpen(facts) && reconstruction.wrappers === null ? attempts(facts) : [];
  const late = [...new Set(worthTrying.flatMap(({ wrappers }) => wrappers))].filter(
    (each) => said.has("epochs") && isIdle(each, reconstruction.epochs),
  );
  const inTime = worthTrying.filter(({ wrappers }) => !wrappers.some((each) => late.includes(each)));
  const tries = inTime.length === 0 ? [] : await tryAll({ scan, frames, heldOut, how, ranks, ...home }, inTime);
  const { settings, why: because } = decide(
    { ...facts, heldOut: heldOut.length, tries },
    {
      ...(said.has("epochs") ? { epochs: reconstruction.epochs } : {}),
      ...(said.has("patience") ? { patience: reconstruction.patience } : {}),
    },
  );
  const [first, second, ...rest] = because;
  const tooLate =
    late.length === 0 ? "" : `; ${late.join(", ")} would do nothing in ${counted(reconstruction.epochs, "epoch")}`;
  const why = [first, `${second}${tooLate}`, ...rest];
  const engine = engineWith(own, settings.engine);
  const { engine: _, noise, probeStart, ...others } = settings;
  const { batchSize } = sharedSettings(engine, ranks.size);
  const decided = {
    ...others,
    ...(batchSize !== undefined && !own.includes("batchSize") ? { batchSize } : {}),
    ...(noise !== undefined && ownersOf("noise").includes(engine) && !own.includes("noise") ? { noise } : {}),
    // Who says how far the probe moves wants it to.
    ...(probeStart !== undefined && !own.includes("probeStep") ? { probeStart } : {}),
    wrappers: settings.wrappers.length === 0 ? null : settings.wrappers,
  };
  const open = Object.entries(decided).filter(([name]) => !said.has(name));
  const resolved = { ...reconstruction, ...Object.fromEntries(open), engine };
  // Who says that the values are counts means one by 1.
  const data =
    facts.countsOfStep === 1 || payload.data.measurementDomain === "count_intensity"
      ? payload.data
      : { ...payload.data, nphotons: scales.photonsPerPattern / facts.countsOfStep };
  return {
    payload: { ...payload, data, reconstruction: resolved, stages: stagesOf(resolved) },
    why: engine === settings.engine ? why : [`${engine}: it has ${own.join(", ")}`, ...why.slice(1)],
  };
}

/** Whether a wrapper, with its defaults, does nothing in so few epochs. */
function isIdle(name: string, epochs: number): boolean {
  const wrapper = wrapperNamed(name);
  return wrapper.idle?.(completeSettings(wrapper), epochs) !== undefined;
}

/** The engine that has all settings that were said, as one has, if possible the one that the data would like. */
function engineWith(own: readonly string[], liked: Decision["settings"]["engine"]): string {
  const ofEngines = own.filter((name) => ownersOf(name).some((owner) => engineNames.includes(owner)));
  const able = [liked, "lsqml", "rpie", ...engineNames].filter((engine) =>
    ofEngines.every((name) => ownersOf(name).includes(engine)),
  );
  return able[0];
}
