import { z } from "zod";
import { PtychonautError } from "../../errors.ts";
import type { OutcomeKind } from "../../training/trainer.ts";
import { outputs } from "../outputs.ts";
import { joinPath } from "../paths.ts";
import { type RunStore, readJson } from "../store.ts";

/** What the benchmark reads of a `training.json`. */
export interface TrainingRecord {
  readonly outcome: { readonly kind: OutcomeKind; readonly message: string };
  readonly epochs: number;
  readonly best: { readonly epoch: number } | null;
  readonly history: readonly { readonly seconds: number }[];
}

const kinds = ["completed", "early-stopped", "stalled", "interrupted", "not-finite", "diverged"] as const;

const trainingSchema = z.object({
  outcome: z.object({ kind: z.enum(kinds), message: z.string() }),
  epochs: z.int().min(0),
  best: z.object({ epoch: z.int() }).nullable(),
  history: z.array(z.object({ seconds: z.number() })),
}) satisfies z.ZodType<TrainingRecord>;

/** `data.json`: there before the scans, to say whose they are, and with their units when both are complete. */
export interface DataRecord {
  /** By name, as the setup that made them. */
  readonly setup: Readonly<Record<string, unknown>>;
  /** SHA-256 of the file with the measured probe. */
  readonly probe: string | null;
  readonly amplitudeUnit: Readonly<Record<"train" | "test", number>> | null;
}

const dataSchema = z.object({
  setup: z.record(z.string(), z.unknown()),
  probe: z.string().nullable(),
  amplitudeUnit: z.object({ train: z.number(), test: z.number() }).nullable(),
}) satisfies z.ZodType<DataRecord>;

const inferenceSchema = z.object({ outcome: z.object({ patternsPerSecond: z.number() }) });

/** @throws PtychonautError "data", as the others here, when the file is missing or damaged */
export const readTraining = (folder: string, store: RunStore): Promise<TrainingRecord> =>
  readRecord(joinPath(folder, outputs.training), trainingSchema, store);

export const readDataRecord = (path: string, store: RunStore): Promise<DataRecord> =>
  readRecord(path, dataSchema, store);

/** Patterns a second of a reconstruction, with stitching. */
export const readSpeed = async (folder: string, store: RunStore): Promise<number> =>
  (await readRecord(joinPath(folder, outputs.run), inferenceSchema, store)).outcome.patternsPerSecond;

async function readRecord<T>(path: string, schema: z.ZodType<T>, store: RunStore): Promise<T> {
  const { success, data, error } = schema.safeParse(await readJson(path, store));
  if (success) return data;
  const { path: key, message } = error.issues[0];
  throw new PtychonautError("data", "this record of a benchmark is damaged", {
    where: path,
    got: `${key.join(".")}: ${message}`,
    fix: "name another output folder, or delete the folder that it lies in",
  });
}
