import { z } from "zod";
import { outputs } from "./outputs.ts";
import { joinPath } from "./paths.ts";
import { isThere, type RunStore, readJson } from "./store.ts";

/** What `run.json` says of how a result was made. */
export interface MadeBy {
  readonly command: string;
  readonly version: string;
  /** As ISO 8601. */
  readonly startedAt: string;
  /** Paths as they were given. */
  readonly inputs: readonly string[];
  /** Engines of an iterative reconstruction, in their order. */
  readonly engines?: readonly string[];
  readonly epochs?: number;
}

const schema = z.object({
  command: z.string(),
  inputs: z.array(z.object({ path: z.string() })),
  startedAt: z.string(),
  versions: z.object({ ptychonaut: z.string() }),
  stages: z.array(z.object({ engine: z.string() })).optional(),
  outcome: z.object({ epochs: z.number().optional() }).optional(),
});

/** Which command leaves a file of this name. */
const makers: Readonly<Record<string, readonly string[]>> = {
  [outputs.model]: ["train"],
  [outputs.reconstruction]: ["infer", "reconstruct"],
};

/** @returns undefined without a record, or where that is another command's, or none of ours */
export async function madeBy(folder: string, name: string, store: RunStore): Promise<MadeBy | undefined> {
  const path = joinPath(folder, outputs.run);
  if (!(await isThere(path, store))) return undefined;
  const record = schema.safeParse(await readJson(path, store).catch(() => undefined)).data;
  if (record === undefined || makers[name]?.includes(record.command) !== true) return undefined;
  const { command, versions, startedAt, inputs, stages, outcome } = record;
  return {
    command,
    version: versions.ptychonaut,
    startedAt,
    inputs: inputs.map(({ path: input }) => input),
    ...(stages === undefined ? {} : { engines: stages.map(({ engine }) => engine) }),
    ...(outcome?.epochs === undefined ? {} : { epochs: outcome.epochs }),
  };
}
