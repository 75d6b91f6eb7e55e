import { setting } from "../../errors.ts";
import type { Refusal, StageFacts } from "../wrapper.ts";

/** Of what changes the probe: an engine that is to keep it would have it changed all the same. */
export const refusedOfKeptProbe = ({ settings }: StageFacts): Refusal | undefined =>
  settings["probeStep"] === 0
    ? { why: "it changes the probe, which is to be kept", fix: `leave out the wrapper, or ${setting("probe_step", 0)}` }
    : undefined;
