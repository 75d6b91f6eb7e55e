import { z } from "zod";
import { type ModeStart, modeStarts } from "../engines/modes/startModes.ts";
import { engineNames } from "../engines/registry.ts";
import { wrapperNamed, wrapperNames } from "../engines/wrappers/registry.ts";
import { setting } from "../errors.ts";
import { npzReconstruction } from "../reconstructions/named.ts";
import { reconstructionWriters } from "../reconstructions/registry.ts";
import { engineFields } from "./engineFields.ts";
import { choice, integer, optional, real, several, toggle, withDefault } from "./fields.ts";
import type { SettingGroup, Settings } from "./group.ts";
import { NO_WRAPPERS } from "./wrapperList.ts";

/** The engine that is chosen by the data. */
export const AUTO = "auto";

/** A stage as people say it: `engine=rpie,epochs=20`, or the same as names with values. */
export type StageStatement = string | Settings;

/** An iterative reconstruction. Settings of engines are null where the engine's default holds. */
interface Common {
  readonly engine: string;
  readonly epochs: number;
  /** Stages with engines and settings of their own, one after the other; none: one, of the settings beside them. */
  readonly stage: readonly StageStatement[];
  /** Coarser grids that each stage goes through; null: the scan's own. */
  readonly multigrid: readonly number[] | null;
  readonly subPixel: "auto" | "whole" | "bilinear" | "fourier";
  /** Incoherent modes of the probe; null: as many as there are. */
  readonly probeModes: number | null;
  readonly modeStart: ModeStart;
  readonly modePower: number;
  readonly seed: number;
  readonly heldOutFraction: number;
  readonly slices: number;
  readonly sliceDistanceM: number | null;
  readonly thicknessM: number | null;
  /** Incoherent states of the object. */
  readonly objectModes: number;
  readonly objectModePower: number;
  readonly patience: number | null;
  readonly stopAtNoise: boolean;
  readonly confidence: boolean;
  readonly checkpointEveryNEpochs: number | null;
  /** What the object begins as. */
  readonly init: string | null;
  readonly resume: string | null;
  readonly maxCanvasPixels: number | null;
  /** Of engines and wrappers, by name. */
  readonly [engineSetting: string]: unknown;
}

export interface ReconstructionConfig extends Common {
  /** What the object is written as beside reconstruction.npz; null: nothing else. */
  readonly outputFormat: readonly string[] | null;
  /** What is refined or held beside object and probe; null: nothing. */
  readonly wrappers: readonly string[] | null;
}

/** The same, where one word may stand alone. */
export interface ReconstructionSettings extends Common {
  readonly outputFormat: readonly string[] | string | null;
  readonly wrappers: readonly string[] | string | null;
}

/** May differ between the parts of one reconstruction. */
const free = { identity: "never" } as const;

/** Formats of reconstructions beside the one that is always written. */
const written = reconstructionWriters.filter((writer) => writer !== npzReconstruction);

const stated = z.union([z.string(), z.number(), z.boolean(), z.array(z.string()), z.array(z.number())]);

const schema = z.strictObject({
  engine: choice(
    [...(engineNames as [string, ...string[]]), AUTO],
    AUTO,
    "The iterative method. auto chooses it, and with it what is not said of wrappers, noise, epochs and stopping, by the scan and short tries on it, and says why.",
  ),
  epochs: withDefault(integer({ min: 1 }), 100, "Epochs: passes over all patterns.", free),
  stage: withDefault(
    z.array(z.union([z.string().min(1), z.record(z.string(), stated)])).readonly() as z.ZodType<
      readonly StageStatement[]
    >,
    [],
    "A stage with settings of its own: engine=rpie,epochs=20. Several follow one another, each from where the one before ended. What a stage does not say is as beside it.",
  ),
  wrappers: several(
    [...wrapperNames, NO_WRAPPERS],
    `What is refined or held beside object and probe: ${wrapperNames.map((name) => `${name} (${wrapperNamed(name).about})`).join(", ")}. ${NO_WRAPPERS}, or an empty list: nothing, also where auto, or what stands beside a stage, would.`,
    {},
    0,
  ),
  multigrid: optional(
    z.array(z.int().min(1).max(64)).min(1).readonly(),
    "Grids that a stage goes through, by how many times as large object pixels are, its epochs in equal parts: 4,2,1 begins with the middle quarter of the patterns' width. Left open: 1.",
  ),
  subPixel: choice(
    ["auto", "whole", "bilinear", "fourier"],
    "auto",
    "Positions between pixels: taken at the nearest pixel, the four around it weighted, or the light moved by Fourier transforms, which smooths nothing and takes longer. auto weights where positions lie between pixels, or move.",
  ),
  probeModes: optional(
    integer({ min: 1, max: 100 }),
    "Incoherent modes of the probe: of more than it has the strongest are kept, of fewer others are added. Left open: as many as the scan's probe, or the stage before, has.",
  ),
  modeStart: choice(
    modeStarts,
    "hermite",
    "What added modes begin as: the strongest mode times Hermite polynomials, under random phase ramps, or times noise; orthogonal to the others.",
  ),
  modePower: withDefault(
    real({ above: 0, below: 1 }),
    0.05,
    "Part of the probe's power that each added mode begins with; of ramps the first, and each further one half as much.",
  ),
  seed: withDefault(
    integer({ min: 0, max: 0xffffffff }),
    42,
    "Seed of everything random: which patterns are held out, the order of the others.",
  ),
  heldOutFraction: withDefault(
    real({ min: 0, below: 1 }),
    0.05,
    "Part of the patterns that is not reconstructed from but predicted, to see how good the object is; 0 for none.",
  ),
  slices: withDefault(
    integer({ min: 1, max: 100 }),
    1,
    "Slices of an object too thick for one transmission: the probe passes one after the other.",
  ),
  sliceDistanceM: optional(
    real({ above: 0 }),
    "Distance from one slice to the next. Needs slices above 1, with which it or thickness_m must be said.",
    { unit: "metres" },
  ),
  thicknessM: optional(
    real({ above: 0 }),
    "Thickness of the whole object, of which each slice stands for an equal part: another way to say slice_distance_m.",
    { unit: "metres" },
  ),
  objectModes: withDefault(
    integer({ min: 1, max: 20 }),
    1,
    "Incoherent states of the object, whose patterns add up: of a sample that moves or changes while it is seen.",
  ),
  objectModePower: withDefault(
    real({ above: 0, below: 1 }),
    0.05,
    "Part of the object's power that each added state begins with, as noise on the first.",
  ),
  patience: optional(
    integer({ min: 1 }),
    "Stop when the held-out patterns were not predicted better for so many epochs, and keep the best epoch; never when left open.",
    free,
  ),
  stopAtNoise: toggle(
    false,
    "Stop when the deviance of the patterns is that of their noise: what is fitted beyond it is noise.",
    free,
  ),
  confidence: toggle(
    false,
    "Expected errors of every pixel's amplitude and phase, and half-data FRC, by two more reconstructions from half of the patterns each: twice the time.",
    free,
  ),
  checkpointEveryNEpochs: optional(
    integer({ min: 1 }),
    "Write a checkpoint every so many epochs. Left open: as often as it takes a twentieth of the time at most.",
    free,
  ),
  init: optional(
    z.string().min(1),
    "What the engine begins with: a reconstruction's file in any format, the folder of a run (with the probe that it refined), or a trained network (a training's folder or a model.zip), which predicts it from this scan. Left open: a flat object and the scan's probe.",
  ),
  resume: optional(z.string().min(1), 'Continue from this checkpoint; "last" is the newest one in output_dir.', free),
  maxCanvasPixels: optional(
    integer({ min: 1 }),
    "Largest object, height times width; what is larger is refused before anything runs. Left open: 2^26, and 32 times what the scan covers where its parts lie far apart (2^22 in any case).",
    { ...free, unit: "pixels" },
  ),
  outputFormat: several(
    written.map(({ name }) => name),
    `Formats in which the object is written as well, beside reconstruction.npz: ${written.map(({ name, title }) => `${name} (${title})`).join(", ")}.`,
    free,
  ),
  ...engineFields,
}) as unknown as z.ZodType<ReconstructionSettings>;

export const reconstructionGroup: SettingGroup<ReconstructionSettings> = {
  name: "reconstruction",
  title: "Reconstruction",
  schema,
  refused: {
    floatingIntensities: `the beam's intensity in every frame is found with any engine by ${setting("wrappers", "intensities")}`,
  },
};
