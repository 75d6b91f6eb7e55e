import type { Accelerator } from "../../../src/runtime/accelerator.ts";
import { type ChooseRuntimeOptions, chooseRuntime } from "../../../src/runtime/web/accelerator.ts";
import { chooseKernels, webKernels } from "../../../src/web/kernels.ts";
import { operatorCases, runCase } from "../../runtime/operatorCases.ts";
import { runResidentSteps, runTrainingSteps, type StepResults } from "../../runtime/trainingStep.ts";
import { type EngineFindings, reconstructWith } from "./engineScenario.ts";
import type { Hdf5Files, Hdf5Findings } from "./hdf5Worker.ts";
import { computeWith, type KernelsFindings } from "./kernelsScenario.ts";
import type { ScenarioResults } from "./runsScenario.ts";
import type { StoreFindings } from "./storeWorker.ts";

/** The browser's, whose types this project does not have. */
declare const Worker: new (
  url: URL,
  options: { readonly type: "module" },
) => {
  onmessage: (event: { readonly data: { readonly results: unknown } | { readonly error: string } }) => void;
  onerror: (event: { readonly message: string }) => void;
  postMessage(message: unknown): void;
};

/** What the tests outside can ask the page to do. Results cross as JSON, so arrays are plain. */
export interface Page {
  /** Runs the operator cases and the training steps. */
  run(accelerator: Accelerator, options: ChooseRuntimeOptions, steps: number): Promise<PageResults>;
  /** The description of the runtime that would be taken, or the message of the error. */
  describe(accelerator: Accelerator): Promise<string>;
  /** Whole runs in a worker of its own. */
  runs(): Promise<ScenarioResults>;
  /** Looks at HDF5 files, one of them larger than an array can be. @param files base64 */
  hdf5(files: Hdf5Files): Promise<Hdf5Findings>;
  /** What holds for every store, of the browser's private files. */
  store(): Promise<StoreFindings>;
  /** Computes with the kernels of engines: in a worker on one thread and on two, and here, where two are asked for. */
  kernels(): Promise<readonly KernelsFindings[]>;
  /** Reconstructs with an engine on what an accelerator is here; or the message of the error. */
  engine(accelerator: Accelerator, options: ChooseRuntimeOptions): Promise<EngineFindings | string>;
}

export interface PageResults {
  readonly provider: string;
  readonly description: string;
  readonly isolated: boolean;
  /** Values of each operator case by name, or the message of its error. */
  readonly operators: Readonly<Record<string, readonly number[] | string>>;
  readonly steps: StepResults;
  /** With the weights on the device between steps, where the runtime can. */
  readonly residentSteps: StepResults | null;
}

const kernelsWorker = (threads: number): Promise<KernelsFindings> =>
  answerOf(new Worker(new URL("./kernelsWorker.ts", import.meta.url), { type: "module" }), threads);

const page: Page = {
  async run(accelerator, options, steps) {
    const runtime = await chooseRuntime(accelerator, options);
    const operators: Record<string, readonly number[] | string> = {};
    for (const operatorCase of operatorCases) {
      operators[operatorCase.name] = await runCase(operatorCase, runtime).catch((error) => String(error));
    }
    return {
      provider: runtime.provider,
      description: runtime.description,
      isolated: (globalThis as { readonly crossOriginIsolated?: boolean }).crossOriginIsolated === true,
      operators,
      steps: plain(await runTrainingSteps(runtime, steps)),
      residentSteps: runtime.memory === undefined ? null : plain(await runResidentSteps(runtime, steps)),
    };
  },
  describe: (accelerator) =>
    chooseRuntime(accelerator).then(
      ({ description }) => description,
      (error) => String(error),
    ),
  runs: () => answerOf(new Worker(new URL("./runsWorker.ts", import.meta.url), { type: "module" }), undefined),
  store: () => answerOf(new Worker(new URL("./storeWorker.ts", import.meta.url), { type: "module" }), undefined),
  kernels: async () => [
    await kernelsWorker(1),
    await kernelsWorker(2),
    await computeWith(await webKernels({ threads: 2 })),
  ],
  engine: (accelerator, options) =>
    chooseKernels({ threads: 1, accelerator }, options).then(reconstructWith).catch(String),
  hdf5: (files) => answerOf(new Worker(new URL("./hdf5Worker.ts", import.meta.url), { type: "module" }), files),
};

/** What a worker makes of a message. */
function answerOf<T>(worker: InstanceType<typeof Worker>, message: unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => ("results" in data ? resolve(data.results as T) : reject(new Error(data.error)));
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.postMessage(message);
  });
}

function plain({ losses, intensity, state }: StepResults): StepResults {
  return {
    losses,
    intensity: Array.from(intensity),
    state: Object.fromEntries(Object.entries(state).map(([name, values]) => [name, Array.from(values)])),
  };
}

Object.assign(globalThis, { page });
