import { PtychonautError, setting } from "../errors.ts";
import { counted, printableLine } from "../printable.ts";
import { writeScanFrames, writeScanNpz } from "../scans/writeScanNpz.ts";
import type { SimulationOptions } from "../simulation/options.ts";
import { type PiecewiseScan, simulate, simulatePiecewise } from "../simulation/simulate.ts";
import { withTruePatches } from "../simulation/truePatches.ts";
import type { RunHooks } from "./hooks.ts";
import type { Home } from "./machine.ts";
import { claimOutputFile, type OutputFile } from "./outputFile.ts";

export interface SimulationRequest {
  /** The npz file to write. */
  readonly output: string;
  /** Whether a file of that name may be replaced. Default false. */
  readonly overwrite?: boolean;
  /** Files that were read for the request, which must not be replaced. */
  readonly alsoRead?: readonly string[];
  readonly options: SimulationOptions;
  /** Also save the true patches: 8 n² bytes a pattern. */
  readonly labels: boolean;
}

/** Makes a simulated scan and writes it. @throws PtychonautError "usage" for options that cannot be; "output" */
export async function runSimulation(
  { output, overwrite = false, alsoRead = [], options, labels }: SimulationRequest,
  hooks: Pick<RunHooks, "log">,
  { store }: Pick<Home, "store">,
): Promise<void> {
  const file = await claimOutputFile(output, { inputs: alsoRead, overwrite }, store);
  const [count, height, width] = await writeSimulation(file, options, labels);
  hooks.log(`wrote ${printableLine(output)}: ${counted(count, "pattern")} of ${height} x ${width}`);
}

/** Scans of more bytes are simulated a few patterns at a time, and not compressed. */
const LARGE = 2 ** 30;

async function writeSimulation(
  file: OutputFile,
  options: SimulationOptions,
  labels: boolean,
): Promise<PiecewiseScan["shape"]> {
  if (4 * options.patterns * options.n ** 2 <= LARGE) {
    const simulated = simulate(options);
    const dataset = labels ? withTruePatches(simulated) : simulated;
    await file.write(writeScanNpz(dataset));
    const { count, height, width } = dataset.patterns;
    return [count, height, width];
  }
  if (labels)
    throw new PtychonautError("usage", "a scan of this size is written without patches", {
      got: setting("labels", true),
      fix: "leave it out: training on labels can cut them from the object",
    });
  const scan = simulatePiecewise(options);
  await file.writeArchive((writer) => writeScanFrames(writer, scan));
  return scan.shape;
}
