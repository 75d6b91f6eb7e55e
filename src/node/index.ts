/** The door of the package in Node: the core, and what needs files, threads and a choice of device. */
export * from "../index.ts";
export { chooseRuntime } from "../runtime/node/accelerator.ts";
export { writeAtomic } from "./files/writeAtomic.ts";
export { nodeHome } from "./home.ts";
// The core's runs, where the home is this computer.
export {
  createInferencePayload,
  createReconstructionPayload,
  createTrainingPayload,
  locateBundle,
  readBundleFile,
  readReconstructionFile,
  readReference,
  readScan,
  runInference,
  runReconstruction,
  runTraining,
} from "./runs.ts";
