import type { Dataset } from "../data/dataset.ts";
import { PtychonautError } from "../errors.ts";
import { statedAddresses } from "../scans/addresses.ts";
import { type Examination, examineScan } from "../scans/doctor/examine.ts";
import { type Fix, fixOf, withScaledProbe } from "../scans/doctor/fix.ts";
import { COLUMN_ORDER } from "../scans/doctor/positions.ts";
import type { DoctorRow } from "../scans/doctor/row.ts";
import { measuredPatterns } from "../scans/prepare/measuredPatterns.ts";
import { optionAdvice, type ScanOptions } from "../scans/scanOptions.ts";
import { convertScan } from "./convertScan.ts";
import type { PictureFile } from "./doctorPicture.ts";
import type { RunHooks } from "./hooks.ts";
import { withScan } from "./inputs/scanFileSet.ts";
import type { Home } from "./machine.ts";
import { claimScan, scanWriterOf } from "./scanOutput.ts";

/**
 * Measures what a scan file does not say.
 * @param stated what is known about the file; a default is no statement
 * @param hooks given, the orientation is measured too, which takes a while
 * @param picture given, what was found is drawn there
 * @throws PtychonautError "data" when it is missing or cannot be read at all
 */
export function runDoctor(
  path: string,
  stated: ScanOptions,
  { store, machine }: Home,
  hooks?: Pick<RunHooks, "signal" | "progress">,
  picture?: PictureFile,
): Promise<Examination> {
  return withScan(path, stated, store, async ({ arrays, elsewhere }) => {
    const bar = hooks?.progress("orientation", 1);
    const trial = hooks &&
      bar && {
        ...{ signal: hooks.signal, progress: (done: number) => bar.update(done) },
        kernels: () => machine.kernels({ threads: 1 }),
      };
    const { examination, subject } = await examineScan(arrays, stated, path, elsewhere, trial);
    bar?.finish();
    await picture?.write(subject, examination.rows);
    return examination;
  });
}

export interface FixRequest {
  readonly input: string;
  readonly output: string;
  readonly stated: ScanOptions;
  /** Whether a file that is there may be replaced. */
  readonly overwrite?: boolean;
  /** Files that were read for the request, which must not be replaced. */
  readonly alsoRead?: readonly string[];
}

export interface FixOutcome extends Omit<Fix, "options"> {
  readonly files: readonly string[];
}

/** What is sure may uncover more: of positions in metres nothing can be said before they are in pixels. */
const ROUNDS = 4;

/** Looks whether a fix may be written, before anything is measured. @throws PtychonautError "usage" as `runFix` */
export async function checkFixOutput(
  { input, output, stated, overwrite = false, alsoRead = [] }: FixRequest,
  { store }: Pick<Home, "store">,
): Promise<void> {
  const inputs = [input, ...statedAddresses(stated).map(({ path }) => path), ...alsoRead];
  await claimScan(scanWriterOf(output, undefined, undefined), output, { inputs, overwrite }, store);
}

/**
 * Writes a scan with what the doctor is sure of applied, in the format that the output's name says. What it is not sure of
 * is left as it is.
 * @param first the examination of the file with what is stated
 * @throws PtychonautError "usage" where reading needs to be told what is not sure, or the output is there; "data"; "output"
 */
export async function runFix(
  { input, output, stated, overwrite = false, alsoRead }: FixRequest,
  first: Examination,
  hooks: RunHooks,
  home: Home,
): Promise<FixOutcome> {
  const applied: string[] = [];
  let fix = fixOf(first.rows, stated);
  let { rows } = first;
  for (let round = 0; round < ROUNDS && fix.applied.length > 0; round++) {
    applied.push(...fix.applied);
    const { options } = fix;
    ({ rows } = await runDoctor(input, options, home));
    fix = fixOf(rows, options);
  }
  const assumed = assumptions(fix.options, rows);
  const changes = [...applied, ...assumed.lines];
  const { files, status } = await convertScan(
    {
      ...{ input, output, overwrite },
      reading: { ...fix.options, ...assumed.options },
      ...(alsoRead === undefined ? {} : { alsoRead }),
      nameTells: true,
      change: (dataset) => {
        const [counts] = measuredPatterns(dataset.patterns, dataset.measurement, []).counts;
        if (counts === 0)
          throw new PtychonautError("data", "there is no light in any pattern, and nothing to mend", { where: input });
        return recorded(withScaledProbe(dataset, counts), changes);
      },
    },
    hooks,
    home,
  );
  if (status !== "finished") throw new PtychonautError("output", "the fix was interrupted", { where: output });
  // What takes a while is measured once, and what it is not sure of is left as well.
  const later = new Set(rows.map(({ quantity }) => quantity));
  const once = first.rows.filter(({ quantity }) => !later.has(quantity));
  return { applied: changes, left: [...fix.left, ...fixOf(once, stated).left], files };
}

/**
 * What no number tells and reading cannot do without: pairs are taken as (row, column), in the order in which arrays are
 * indexed, unless they were said to be, or found, otherwise.
 */
function assumptions(
  options: ScanOptions,
  rows: readonly DoctorRow[],
): { readonly options: ScanOptions; readonly lines: readonly string[] } {
  const open = rows.some(({ quantity, state }) => quantity === COLUMN_ORDER && state === "open");
  if (!open || options.positionOrder !== undefined) return { options: {}, lines: [] };
  const line = `${COLUMN_ORDER}: taken as (row, column), which is not sure; if the object comes out mirrored, fix the file anew with ${optionAdvice("positionOrder", "xy")}`;
  return { options: { positionOrder: "yx" }, lines: [line] };
}

function recorded(dataset: Dataset, changes: readonly string[]): Dataset {
  const { provenance } = dataset;
  const lines = changes.map((line) => `the doctor's: ${line}`);
  return { ...dataset, provenance: { ...provenance, conversions: [...provenance.conversions, ...lines] } };
}
