import { z } from "zod";
import type { TrainingState } from "./trainingState.ts";

/** `state.json` of a checkpoint: a `TrainingState` without its vectors. */
export interface StateJson extends Omit<TrainingState, "weights" | "best"> {
  readonly format: number;
  readonly identity: Readonly<Record<string, unknown>>;
  /** How many vectors of moments there are. */
  readonly moments: number;
  readonly best: { readonly epoch: number; readonly value: number } | null;
}

const count = z.int().min(0);
/** JSON has no NaN: what is not finite was written as null. */
const measured = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.NaN);
const measures = z.record(z.string(), measured);
const word = z.int().min(0).max(0xffffffff);

export const stateSchema: z.ZodType<StateJson> = z
  .object({
    format: z.literal(2),
    identity: z.record(z.string(), z.unknown()),
    moments: count.max(8),
    best: z.object({ epoch: count, value: measured }).nullable(),
    fineTuning: z.object({ from: count, maxEpochs: count }).nullable(),
    epoch: count,
    batch: count,
    step: count,
    random: z.tuple([word, word, word, word]).refine((words) => words.some((value) => value !== 0), "all zero"),
    sums: z.object({
      samples: z.number().min(0),
      loss: measured,
      measures,
      gradientNormBefore: measured,
      gradientNormAfter: measured,
      steps: count,
      seconds: z.number().min(0),
    }),
    schedule: z.object({ epoch: count, rate: z.number().min(0), best: z.number().nullable(), stale: count }),
    rates: z.array(z.object({ epoch: count, from: z.number().positive(), to: z.number().positive() })).optional(),
    earlyStopping: z.object({ best: z.number().nullable(), stale: count }),
    // Their epochs become names of files.
    kept: z.array(z.object({ epoch: count, value: measured })),
    history: z.array(
      z.object({
        epoch: count,
        step: count,
        trainLoss: measured,
        train: measures,
        validationLoss: z.number().nullable(),
        validation: measures,
        learningRate: z.number(),
        gradientNormBefore: measured,
        gradientNormAfter: measured,
        seconds: z.number(),
      }),
    ),
  })
  .refine(({ batch, sums }) => batch === 0 || sums.samples > 0, {
    path: ["sums"],
    message: "no samples in its batches",
  })
  .refine(({ kept, history, epoch }) => [...kept, ...history].every((of) => of.epoch > 0 && of.epoch <= epoch), {
    path: ["epoch"],
    message: "before epochs that are recorded",
  });
