import type { Dataset } from "../data/dataset.ts";
import { PtychonautError, setting } from "../errors.ts";
import { counted, printableLine } from "../printable.ts";
import type { ScanOptions } from "../scans/scanOptions.ts";
import { readScanLayout, readScanTruth } from "../scans/withoutPatterns.ts";
import { framesOf } from "../scans/writers/frames.ts";
import { npzWriter } from "../scans/writers/npz.ts";
import { scanWriterFor } from "../scans/writers/registry.ts";
import type { SimulationOptions } from "../simulation/options.ts";
import { simulate, simulatePiecewise } from "../simulation/simulate.ts";
import { simulateTruth, type TruthOptions } from "../simulation/simulateTruth.ts";
import { withTruePatches } from "../simulation/truePatches.ts";
import { sourceLines } from "./conversionWords.ts";
import type { RunHooks, RunOutcome } from "./hooks.ts";
import { withScan } from "./inputs/scanFileSet.ts";
import type { Home } from "./machine.ts";
import { claimScan, scanWriterOf, writeScanOutput } from "./scanOutput.ts";
import type { RunStore } from "./store.ts";

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
  /** A scan whose probe, positions and geometry are taken; its patterns are not, and it may have none. */
  readonly like?: string;
  /** A file whose object, probe, positions and intensities are taken, instead of all that `options` describe. */
  readonly from?: { readonly path: string; readonly reading: ScanOptions; readonly options: TruthOptions };
  /** Also save the true patches: 8 n² bytes a pattern. */
  readonly labels: boolean;
}

/** Makes a simulated scan and writes it. @throws PtychonautError "usage" for options that cannot be; "output" */
export async function runSimulation(
  { output, outputFormat, overwrite = false, alsoRead = [], options: asked, like, from, labels }: SimulationRequest,
  hooks: RunHooks,
  home: Pick<Home, "store">,
): Promise<RunOutcome> {
  const named = outputFormat ?? (scanWriterFor(output) === undefined ? npzWriter.name : undefined);
  const writer = scanWriterOf(output, named, "output_format");
  const inputs = [...alsoRead, ...(like === undefined ? [] : [like]), ...(from === undefined ? [] : [from.path])];
  const target = await claimScan(writer, output, { inputs, overwrite }, home.store);
  const options = like === undefined ? asked : await optionsLike(like, asked, home.store);
  const small = from !== undefined || 4 * options.patterns * options.n ** 2 <= LARGE;
  if (labels && !small)
    throw new PtychonautError("usage", "a scan of this size is written without patches", {
      got: setting("labels", true),
      fix: "leave it out: training on labels can cut them from the object",
    });
  const dataset = from === undefined ? undefined : await simulatedFrom(from, hooks, home.store);
  const scan = small ? framesOf(withLabels(dataset ?? simulate(options), labels)) : simulatePiecewise(options);
  const history = [...sourceLines(from?.path, undefined), "simulated"];
  const how = { where: "the simulation", strict: false, compress: small && writer === npzWriter, history };
  if (!(await writeScanOutput(scan, target, how, hooks, home)))
    return { status: "interrupted", advice: "nothing was written", files: [] };
  const [count, height, width] = scan.shape;
  const size = `${counted(count, "pattern")} of ${height} x ${width}`;
  for (const { path } of target.files) hooks.log(`wrote ${printableLine(path)}: ${size}`);
  return { status: "finished", files: [] };
}

/** With probe, positions and geometry of a scan. @throws PtychonautError "data" where it lacks them */
async function optionsLike(path: string, options: SimulationOptions, store: RunStore): Promise<SimulationOptions> {
  const given = await withScan(path, {}, store, ({ arrays }) => readScanLayout(arrays, {}, path));
  const [, height, width] = given.probe.shape;
  if (height !== width)
    throw new PtychonautError("data", "a simulation takes square probes", { where: path, got: `${height} x ${width}` });
  return { ...options, given, n: height, patterns: given.positions.length / 2 };
}

/** Scans of more bytes are simulated a few patterns at a time, and not compressed. */
const LARGE = 2 ** 30;

const withLabels = (dataset: Dataset, labels: boolean): Dataset => (labels ? withTruePatches(dataset) : dataset);

async function simulatedFrom(
  { path, reading, options }: NonNullable<SimulationRequest["from"]>,
  hooks: RunHooks,
  store: RunStore,
): Promise<Dataset> {
  const truth = await withScan(path, reading, store, ({ arrays, elsewhere }) =>
    readScanTruth(arrays, reading, path, elsewhere),
  );
  const dataset = simulateTruth(truth, options, path);
  const parts = [
    counted(truth.probe.shape[0], "probe mode"),
    ...(dataset.frameIntensities === undefined ? [] : ["the beam's intensity in every pattern"]),
    ...(truth.background === undefined ? [] : ["a background"]),
  ];
  const dose = (dataset.photonsPerPattern ?? 0).toPrecision(3);
  hooks.log(
    `simulating from ${printableLine(path)}: its object and positions, ${parts.join(", ")}; ${dose} photons a pattern`,
  );
  return dataset;
}
