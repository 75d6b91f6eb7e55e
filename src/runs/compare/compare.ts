import { PtychonautError } from "../../errors.ts";
import type { NpyArray } from "../../formats/npy.ts";
import { writeNpz } from "../../formats/npz.ts";
import { pictureWarning } from "../../inference/explanationWarnings.ts";
import { type Alignment, align, hasEnough } from "../../metrics/align.ts";
import {
  areaInReference,
  commonArea,
  type InReferenceFrame,
  inReferenceFrame,
  overArea,
} from "../../metrics/commonArea.ts";
import { measure } from "../../metrics/evaluate.ts";
import { type ComplexImage, complexImage } from "../../metrics/image.ts";
import { comparisonFigure } from "../../pictures/comparisonFigure.ts";
import type { PictureFormat } from "../../pictures/pictureWriter.ts";
import type { Sheet } from "../../pictures/sheet.ts";
import {
  type ComparisonOptions,
  evaluationOptions,
  evaluationWarnings,
  frcWarnings,
  lengthsOf,
  pixelWarnings,
  type Reference,
} from "../evaluate.ts";
import type { RunHooks, RunOutcome } from "../hooks.ts";
import { type InferenceBeside, inferenceBeside } from "../inferenceBeside.ts";
import type { Home } from "../machine.ts";
import { type ObjectFile, readObjectFile } from "../objectFile.ts";
import { outputs } from "../outputs.ts";
import { folderOf, joinPath } from "../paths.ts";
import { pictureFiles } from "../pictureFiles.ts";
import { removeRunRecord, writeRunRecord } from "../runRecord.ts";
import { onPixelsOf } from "../samePixels.ts";
import { isThere, type RunStore, readJson } from "../store.ts";
import { type CompareEntry, fileName } from "./entries.ts";
import { comparisonTable, frcCsv, type Measured, metricsCsv } from "./tables.ts";

export interface CompareRequest {
  /** Objects in files; what models are to make was made before. */
  readonly entries: readonly CompareEntry[];
  readonly reference: Reference & ObjectFile;
  readonly outputDir: string;
  readonly options: ComparisonOptions;
  /** Measure all entries where all of them are known, or each where it is. */
  readonly area: "common" | "own";
  /** Default: PNG. */
  readonly pictureFormats?: readonly PictureFormat[];
  /** Warnings from before, for the record. */
  readonly warnings?: readonly string[];
}

export interface CompareOutcome extends RunOutcome {
  readonly measured: readonly Measured[];
  /** For people. */
  readonly table: string;
}

/** An entry on its way. */
interface Aligned {
  readonly entry: CompareEntry;
  readonly file: ObjectFile;
  readonly alignment: Alignment;
  /** What is compared of it, on the reference's pixels. */
  readonly area: Uint8Array;
}

interface MeasuredEntry extends Measured {
  readonly entry: CompareEntry;
  readonly file: ObjectFile;
  readonly frame: InReferenceFrame;
  readonly beside: InferenceBeside;
}

/**
 * Compares several reconstructions with one reference, each laid on it and freed of its gauge, and writes
 * `comparison.csv`, `frc.csv`, `compare.json`, `aligned.npz`, the picture `comparison` and, last, `run.json`.
 * @throws PtychonautError naming the entry that does not fit, or "output"
 */
export async function compareObjects(request: CompareRequest, hooks: RunHooks, home: Home): Promise<CompareOutcome> {
  const { entries, outputDir, options, area } = request;
  const startedAt = new Date();
  const warnings = [...(request.warnings ?? []), ...(request.reference.warnings ?? [])];
  const aligned: Aligned[] = [];
  const progress = hooks.progress("comparing", 2 * entries.length);
  try {
    const files: ObjectFile[] = [];
    for (const entry of entries) files.push(await namedAfter(entry, () => readObjectFile(entry.address, home)));
    const { reference, warnings: pixels } = onPixelsOf(request.reference, files);
    warnings.push(...pixels);
    const target = complexImage(reference.object);
    for (const [k, entry] of entries.entries()) {
      if (hooks.signal.aborted) return interrupted;
      aligned.push(await namedAfter(entry, async () => alignEntry(entry, files[k], reference, target, options)));
      progress.update(aligned.length);
    }
    const common = commonArea(
      aligned.map((item) => item.area),
      target.data.length / 2,
    );
    if (area === "common") requireCommonArea(aligned, common, target.shape);
    const measured: MeasuredEntry[] = [];
    for (const item of aligned) {
      if (hooks.signal.aborted) return interrupted;
      measured.push(await namedAfter(item.entry, () => measureEntry(item, area, common, target, options, home.store)));
      progress.update(aligned.length + measured.length);
    }
    for (const line of pixels) hooks.warn(`warning: ${line}`);
    for (const { label, entry, beside, metrics, file } of measured) {
      const own = [...(file.warnings ?? []), ...evaluationWarnings(metrics), ...pixelWarnings(file, reference)];
      warnings.push(...[...beside.warnings, ...own].map((line) => `${label}: ${line}`));
      // A model's were said when it reconstructed.
      for (const line of [...(entry.kind === "model" ? [] : beside.doubts), ...own])
        hooks.warn(`warning: ${label}: ${line}`);
    }
    const written = await writeComparison({ ...request, reference }, measured, common, target, home);
    const record = await writeRunRecord(outputDir, recordOf(request, measured, startedAt, warnings, written), home);
    return { status: "finished", files: [...written, record], measured, table: comparisonTable(measured) };
  } finally {
    progress.finish();
  }
}

/** An outcome without results. */
export const nothingCompared = { files: [], measured: [], table: "" } as const;

const interrupted: CompareOutcome = {
  ...nothingCompared,
  status: "interrupted",
  advice: "nothing was written; the comparison takes all entries or none",
};

/** Adds the entry to what an error says. */
async function namedAfter<T>({ label }: CompareEntry, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof PtychonautError)) throw error;
    throw new PtychonautError(error.kind, `entry "${label}": ${error.message}`, { cause: error });
  }
}

function alignEntry(
  entry: CompareEntry,
  file: ObjectFile,
  reference: Reference,
  target: ComplexImage,
  options: ComparisonOptions,
): Aligned {
  const alignment = align(file.object, reference.object, evaluationOptions(file, reference, options));
  return { entry, file, alignment, area: areaInReference(alignment, target.shape) };
}

/** @throws PtychonautError "usage" when the entries lie apart, each where it has enough for itself */
function requireCommonArea(aligned: readonly Aligned[], common: Uint8Array, shape: readonly [number, number]): void {
  if (aligned.length < 2) return;
  const pixels = (mask: Uint8Array): number => mask.reduce((sum, value) => sum + value, 0);
  const shared = pixels(common);
  if (hasEnough(common, shape)) return;
  const each = aligned.map(({ entry, area, alignment: { gauge } }) => {
    const [row, column] = gauge.origin.map(Math.round);
    return `${entry.label} ${pixels(area)} from row ${row}, column ${column} (${gauge.placement})`;
  });
  throw new PtychonautError("usage", "the entries have too little in common to be measured over one area", {
    got: `${shared} common pixels of the reference; ${each.join("; ")}`,
    fix: "measure each over its own area (area own), or leave out the entry that lies elsewhere",
  });
}

async function measureEntry(
  { entry, file, alignment }: Aligned,
  area: CompareRequest["area"],
  common: Uint8Array,
  { shape }: ComplexImage,
  options: ComparisonOptions,
  store: RunStore,
): Promise<MeasuredEntry> {
  const over = area === "own" ? alignment : overArea(alignment, common, shape, options.gauge);
  const deviance = entry.kind === "model" ? await devianceBeside(file.path, store) : undefined;
  const metrics = measure(over, { ...options, ...(deviance === undefined ? {} : { deviance }) });
  // Shown wherever it is known, with the gauge of the area that was measured.
  const frame = inReferenceFrame({ ...over, covered: alignment.covered }, shape);
  return { label: entry.label, entry, file, frame, metrics, beside: await inferenceBeside(file.path, store) };
}

/** The deviance that an inference measured against its patterns. */
async function devianceBeside(reconstruction: string, store: RunStore): Promise<number | undefined> {
  const file = joinPath(folderOf(reconstruction), outputs.metrics);
  if (!(await isThere(file, store))) return undefined;
  const metrics = await readJson(file, store);
  const deviance: unknown = typeof metrics === "object" && metrics !== null && Reflect.get(metrics, "deviance");
  return typeof deviance === "number" ? deviance : undefined;
}

async function writeComparison(
  { reference, outputDir, area, pictureFormats = ["png"] }: CompareRequest,
  measured: readonly MeasuredEntry[],
  common: Uint8Array,
  target: ComplexImage,
  home: Home,
): Promise<string[]> {
  const pixelSizeM = pixelSizeOf(reference, measured);
  const { store } = home;
  const pictures = pictureFiles(pictureFormats, home);
  const { comparison: names } = outputs;
  const known = Uint8Array.from(common, (_, i) => (measured.some(({ frame }) => frame.known[i] === 1) ? 1 : 0));
  const contents: [name: string, content: Uint8Array | string][] = [
    [names.metrics, metricsCsv(measured)],
    [names.rings, frcCsv(measured)],
    [names.aligned, alignedNpz(measured, common, target)],
    [names.summary, `${JSON.stringify(summary(reference, area, common, measured), null, 2)}\n`],
  ];
  await removeRunRecord(outputDir, "compare", store);
  for (const [name, content] of contents) await store.write(joinPath(outputDir, name), content);
  const picture = (): Sheet =>
    comparisonFigure(
      { label: "reference", data: target.data, known },
      measured.map(({ label, frame, metrics }) => ({
        ...{ label, data: frame.image.data, known: frame.known },
        frc: metrics.frc.curve,
      })),
      target.shape,
      { ...(pixelSizeM === undefined ? {} : { pixelSizeM }), ...figureWarning(measured) },
    );
  return [
    ...contents.map(([name]) => joinPath(outputDir, name)),
    ...(await pictures.write(joinPath(outputDir, outputs.pictures.comparison), picture)),
  ];
}

/** What is wrong with the entries, by their labels. */
function figureWarning(measured: readonly MeasuredEntry[]): { readonly warning?: string } {
  const said = measured.flatMap(({ label, beside, metrics }) => {
    const { warning } = pictureWarning([...beside.doubts, ...frcWarnings(metrics)]);
    return warning === undefined ? [] : [`${label}: ${warning}`];
  });
  return said.length === 0 ? {} : { warning: said.join(". ") };
}

/** Side of a pixel in the picture: the reference's, else the first that an entry states. */
const pixelSizeOf = (reference: ObjectFile, measured: readonly MeasuredEntry[]): number | undefined =>
  [reference, ...measured.map(({ file }) => file)].find((file) => file.pixelSizeM)?.pixelSizeM;

function summary(
  reference: ObjectFile,
  area: CompareRequest["area"],
  common: Uint8Array,
  measured: readonly MeasuredEntry[],
) {
  return {
    reference: { path: reference.path, array: reference.key, shape: reference.object.shape },
    pixelSizeM: pixelSizeOf(reference, measured) ?? null,
    area,
    commonPixels: common.reduce((sum, value) => sum + value, 0),
    entries: measured.map(({ label, entry: { kind }, file: { path, key, object, pixelSizeM }, metrics }) => ({
      ...{ label, kind, path, array: key, shape: object.shape },
      metrics: { ...metrics, ...lengthsOf(metrics, pixelSizeM ?? reference.pixelSizeM) },
    })),
  };
}

/**
 * `reference`, and every entry under its label, complex64 on the reference's pixels, gauge removed, 0 where it is not known;
 * `LABEL_known` (uint8) says where it is, and `common` where all are.
 */
function alignedNpz(measured: readonly MeasuredEntry[], common: Uint8Array, { shape, data }: ComplexImage): Uint8Array {
  const complex = (values: Float64Array): NpyArray => ({ shape, dtype: "complex64", data: Float32Array.from(values) });
  const mask = (values: Uint8Array): NpyArray => ({ shape, dtype: "uint8", data: values });
  const entries = measured.flatMap(({ label, frame }) => [
    [fileName(label), complex(frame.image.data)] as const,
    [`${fileName(label)}_known`, mask(frame.known)] as const,
  ]);
  return writeNpz({ reference: complex(data), common: mask(common), ...Object.fromEntries(entries) });
}

function recordOf(
  { reference, options, area }: CompareRequest,
  measured: readonly MeasuredEntry[],
  startedAt: Date,
  warnings: readonly string[],
  files: readonly string[],
) {
  return {
    command: "compare",
    inputs: [reference, ...measured.map(({ file }) => file)].map(({ path, sha256 }) => ({ path, sha256 })),
    settings: { ...options, area, entries: measured.map(({ entry }) => entry) },
    overridden: [],
    seeds: {},
    runtime: "plain TypeScript",
    startedAt: startedAt.toISOString(),
    seconds: { all: (Date.now() - startedAt.getTime()) / 1000 },
    warnings,
    outcome: { status: "finished" },
    files,
  };
}
