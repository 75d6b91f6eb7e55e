import type { Dataset } from "../data/dataset.ts";
import { PtychonautError, setting } from "../errors.ts";
import { counted, printableLine } from "../printable.ts";
import { framesOf } from "../scans/writers/frames.ts";
import { npzWriter } from "../scans/writers/npz.ts";
import { scanWriterFor } from "../scans/writers/registry.ts";
import type { SimulationOptions } from "../simulation/options.ts";
import { simulate, simulatePiecewise } from "../simulation/simulate.ts";
import { withTruePatches } from "../simulation/truePatches.ts";
import { sourceLines } from "./conversionWords.ts";
import type { RunHooks, RunOutcome } from "./hooks.ts";
import type { Home } from "./machine.ts";
import { claimScan, scanWriterOf, writeScanOutput } from "./scanOutput.ts";

export interface SimulationRequest {
  /** The file to write. */
  readonly output: string;
  /** Name of its format. Default: by how its name ends, else npz. */
  readonly outputFormat?: string;
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
  { output, outputFormat, overwrite = false, alsoRead = [], options, labels }: SimulationRequest,
  hooks: RunHooks,
  home: Pick<Home, "store">,
): Promise<RunOutcome> {
  const named = outputFormat ?? (scanWriterFor(output) === undefined ? npzWriter.name : undefined);
  const writer = scanWriterOf(output, named, "output_format");
  const target = await claimScan(writer, output, { inputs: alsoRead, overwrite }, home.store);
  const small = 4 * options.patterns * options.n ** 2 <= LARGE;
  if (labels && !small)
    throw new PtychonautError("usage", "a scan of this size is written without patches", {
      got: setting("labels", true),
      fix: "leave it out: training on labels can cut them from the object",
    });
  const scan = small ? framesOf(simulated(options, labels)) : simulatePiecewise(options);
  const history = [...sourceLines(undefined, undefined), "simulated"];
  const how = { where: "the simulation", strict: false, compress: small && writer === npzWriter, history };
  if (!(await writeScanOutput(scan, target, how, hooks, home)))
    return { status: "interrupted", advice: "nothing was written", files: [] };
  const [count, height, width] = scan.shape;
  const size = `${counted(count, "pattern")} of ${height} x ${width}`;
  for (const { path } of target.files) hooks.log(`wrote ${printableLine(path)}: ${size}`);
  return { status: "finished", files: [] };
}

/** Scans of more bytes are simulated a few patterns at a time, and not compressed. */
const LARGE = 2 ** 30;

function simulated(options: SimulationOptions, labels: boolean): Dataset {
  const dataset = simulate(options);
  return labels ? withTruePatches(dataset) : dataset;
}
