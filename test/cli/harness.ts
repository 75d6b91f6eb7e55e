import type { BundleHeader, FileProbe, ScanHeader } from "../../src/config/fileProbe.ts";
import type { InferencePayload, ReconstructionPayload, TrainingPayload } from "../../src/config/payload.ts";
import { parseSettings } from "../../src/config/schema.ts";
import { type MainDeps, main } from "../../src/node/cli/main.ts";
import type { RunHooks, RunOutcome } from "../../src/runs/hooks.ts";

/** What one call of the command line did: exit code, what it printed, and what reached the workflow. */
export interface Call {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly training?: TrainingPayload;
  readonly inference?: InferencePayload;
  readonly reconstruction?: ReconstructionPayload;
}

export const scan: ScanHeader = { frames: 200, height: 64, width: 64, photonsPerPattern: null };

export const bundle: BundleHeader = {
  model: { ...parseSettings("model"), N: 64, gridsize: 2, objectBig: true, probeMaskDiameter: 32 },
  data: { neighborFunction: "Nearest", neighborCount: 7 },
  batchSize: 12,
};

/** A machine on which every device, every scan and every bundle is there. */
export function fakeFiles(header: Partial<ScanHeader> = {}, model: BundleHeader = bundle): FileProbe {
  return {
    checkAccelerator: async () => {},
    scanFiles: async (path) => [path],
    scanHeader: async () => ({ ...scan, ...header }),
    bundleHeader: async () => model,
    prepareFolder: async () => {},
  };
}

const finished: RunOutcome = { status: "finished", files: [] };

interface CallOptions extends MainDeps {
  /** What stands in for the workflow once its payload was captured. */
  readonly work?: (hooks: RunHooks) => Promise<RunOutcome>;
}

/** Runs the real command line in this process, with workflows that only remember what reached them. */
export async function call(argv: readonly string[], options: CallOptions = {}): Promise<Call> {
  const { work = async () => finished, ...deps } = options;
  let stdout = "";
  let stderr = "";
  let training: TrainingPayload | undefined;
  let inference: InferencePayload | undefined;
  let reconstruction: ReconstructionPayload | undefined;
  const code = await main(argv, {
    files: fakeFiles(),
    scanWarnings: async () => [],
    terminal: false,
    stdout: (text) => {
      stdout += text;
    },
    stderr: (text) => {
      stderr += text;
    },
    workflows: {
      train: (payload, hooks) => {
        training = payload;
        return work(hooks);
      },
      infer: (payload, hooks) => {
        inference = payload;
        return work(hooks);
      },
      reconstruct: (payload, hooks) => {
        reconstruction = payload;
        return work(hooks);
      },
    },
    ...deps,
  });
  return {
    code,
    stdout,
    stderr,
    ...(training === undefined ? {} : { training }),
    ...(inference === undefined ? {} : { inference }),
    ...(reconstruction === undefined ? {} : { reconstruction }),
  };
}

export const trainArgs = ["train", "--train_data_file", "scan.npz", "--output_dir", "out"];
export const inferArgs = ["infer", "--model_path", "run", "--test_data", "scan.npz", "--output_dir", "out"];
export const reconstructArgs = ["reconstruct", "scan.npz", "--output_dir", "out"];

/** Calls `train` with flags and gives the payload; fails when none arrived. */
export async function trainWith(...flags: string[]): Promise<TrainingPayload> {
  const result = await call([...trainArgs, ...flags]);
  if (result.training === undefined) throw new Error(`no payload reached the workflow: ${result.stderr}`);
  return result.training;
}

/** Calls `infer` with flags and gives the payload; fails when none arrived. */
export async function inferWith(...flags: string[]): Promise<InferencePayload> {
  const result = await call([...inferArgs, ...flags]);
  if (result.inference === undefined) throw new Error(`no payload reached the workflow: ${result.stderr}`);
  return result.inference;
}

/** Calls `reconstruct` with flags and gives the payload; fails when none arrived. */
export async function reconstructWith(...flags: string[]): Promise<ReconstructionPayload> {
  const result = await call([...reconstructArgs, ...flags]);
  if (result.reconstruction === undefined) throw new Error(`no payload reached the workflow: ${result.stderr}`);
  return result.reconstruction;
}
