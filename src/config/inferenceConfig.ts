import { z } from "zod";
import { npzReconstruction } from "../reconstructions/named.ts";
import { reconstructionWriters } from "../reconstructions/registry.ts";
import { choice, integer, optional, several, toggle } from "./fields.ts";
import type { Open, SettingGroup } from "./group.ts";

/** How predicted patches become one object, fully resolved. */
export interface InferenceConfig {
  readonly patchWeighting: "uniform" | "probe";
  readonly middleTrim: number;
  readonly phaseAlignment: boolean;
  readonly varproScaling: boolean;
  /** Pixels of the grid on which patches are put together, at most. */
  readonly maxCanvasPixels: number | null;
  /** What the object is written as beside reconstruction.npz; null: nothing else. */
  readonly outputFormat: readonly string[] | null;
  /** Expected errors of every pixel. */
  readonly confidence: boolean;
  /** An engine and its epochs, as `rpie:20`, that go on from the object; null: none. */
  readonly refine: string | null;
  /** Patterns to reconstruct, from the first; null: all. */
  readonly nPatterns: number | null;
}

export type InferenceSettings = Open<Omit<InferenceConfig, "outputFormat">, "middleTrim"> & {
  readonly outputFormat: readonly string[] | string | null;
};

/** Formats of reconstructions beside the one that is always written. */
const written = reconstructionWriters.filter((writer) => writer !== npzReconstruction);
const formats = written.map(({ name }) => name);

const schema = z.strictObject({
  patchWeighting: choice(
    ["uniform", "probe"],
    "probe",
    "Weights of the patches where they overlap: one each, or the probe's intensity.",
  ),
  middleTrim: optional(
    integer({ min: 2 }),
    "Side of the central part of each patch that is stitched; N/2 when left open.",
    {
      unit: "pixels",
    },
  ),
  phaseAlignment: toggle(false, "Align the phase offsets of the patches by their overlaps before stitching."),
  varproScaling: toggle(
    false,
    "Fit one scale of the object's real and one of its imaginary part to the measured intensities, by variable projection.",
  ),
  maxCanvasPixels: optional(
    integer({ min: 1 }),
    "Largest object, height times width, that is put together; what is larger is refused before anything runs. Left open: 2^26, and 32 times what the scan covers where its parts lie far apart (2^22 in any case). A pixel takes about 50 bytes.",
    { unit: "pixels" },
  ),
  outputFormat: several(
    formats,
    `Formats in which the object is written as well, beside reconstruction.npz: ${written.map(({ name, title }) => `${name} (${title})`).join(", ")}.`,
  ),
  confidence: toggle(
    false,
    "Expected errors of every pixel's amplitude and phase, and half-data FRC: the patches of each half of the patterns are put together by themselves as well, and an engine refines them by their patterns, which shows what the network has wrong.",
  ),
  refine: optional(
    z.string().min(1),
    "ENGINE:EPOCHS, as rpie:20: an iterative engine that begins with the object, and leaves its own in the folder refined.",
  ),
  nPatterns: optional(integer({ min: 1 }), "Patterns to reconstruct, from the first in the file; all when left open."),
}) satisfies z.ZodType<InferenceSettings>;

export const inferenceGroup: SettingGroup<InferenceSettings> = {
  name: "inference",
  title: "Stitching",
  schema,
  refused: {
    padEval: "the reference system declares it and does nothing with it",
    window: "say middle_trim",
    experimentNumber: "a bundle holds one experiment",
  },
};
