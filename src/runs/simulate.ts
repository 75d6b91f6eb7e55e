import { PtychonautError, setting } from "../errors.ts";
import { writeScanFrames, writeScanNpz } from "../scans/writeScanNpz.ts";
import type { SimulationOptions } from "../simulation/options.ts";
import { type PiecewiseScan, simulate, simulatePiecewise } from "../simulation/simulate.ts";
import { withTruePatches } from "../simulation/truePatches.ts";
import type { RunHooks } from "./hooks.ts";
import type { Home } from "./machine.ts";
import { type RunStore, writeArchive } from "./store.ts";

export interface SimulationRequest {
  /** The npz file to write. */
  readonly output: string;
  readonly options: SimulationOptions;
  /** Also save the true patches: 8 n² bytes a pattern. */
  readonly labels: boolean;
}

/** Makes a simulated scan and writes it. @throws PtychonautError "usage" for options that cannot be; "output" */
export async function runSimulation(
  { output, options, labels }: SimulationRequest,
  hooks: Pick<RunHooks, "log">,
  { store }: Pick<Home, "store">,
): Promise<void> {
  const [count, height, width] = await writeSimulation(output, options, labels, store);
  hooks.log(`wrote ${output}: ${count} patterns of ${height} x ${width}`);
}

/** Scans of more bytes are simulated a few patterns at a time, and not compressed. */
const LARGE = 2 ** 30;

async function writeSimulation(
  path: string,
  options: SimulationOptions,
  labels: boolean,
  store: RunStore,
): Promise<PiecewiseScan["shape"]> {
  if (4 * options.patterns * options.n ** 2 <= LARGE) {
    const simulated = simulate(options);
    const dataset = labels ? withTruePatches(simulated) : simulated;
    await store.write(path, writeScanNpz(dataset));
    const { count, height, width } = dataset.patterns;
    return [count, height, width];
  }
  if (labels)
    throw new PtychonautError("usage", "a scan of this size is written without patches", {
      got: setting("labels", true),
      fix: "leave it out: training on labels can cut them from the object",
    });
  const scan = simulatePiecewise(options);
  await writeArchive(path, (writer) => writeScanFrames(writer, scan), store);
  return scan.shape;
}
