import type { ComplexArray } from "../../arrays.ts";
import { wellCovered } from "../../inference/coverage.ts";
import { confidenceFigure } from "../../pictures/confidenceFigure.ts";
import { type FigureOptions, figure, figureOfRows } from "../../pictures/figure.ts";
import { objectPanels, planeRows } from "../../pictures/objectFigure.ts";
import { type PatternPair, patternsFigure } from "../../pictures/patternsFigure.ts";
import { PICTURE_FORMATS, type PictureFormat } from "../../pictures/pictureWriter.ts";
import { probeFigure } from "../../pictures/probeFigure.ts";
import { scanFigure } from "../../pictures/scanFigure.ts";
import type { Sheet } from "../../pictures/sheet.ts";
import { lostInReconstruction } from "../../reconstructions/lost.ts";
import type { ReconstructionToWrite } from "../../reconstructions/reconstructionFormat.ts";
import { type Reconstruction, writeReconstruction } from "../../reconstructions/reconstructionNpz.ts";
import { reconstructionWriterNamed, reconstructionWriters } from "../../reconstructions/registry.ts";
import { confidenceFile, type Judged } from "../confidence.ts";
import type { Home } from "../machine.ts";
import { fileToWrite } from "../outputFile.ts";
import { outputs } from "../outputs.ts";
import { joinPath } from "../paths.ts";
import { pictureFiles } from "../pictureFiles.ts";
import { filesOf } from "../reconstructionNames.ts";
import type { RunStore } from "../store.ts";

/** What a command leaves in its output folder. */
export interface ReconstructionRecord {
  readonly reconstruction: Reconstruction;
  /**
   * `run.json`: inputs with hashes, every resolved parameter, versions, seeds, timings, warnings, outcome, and the files that
   * were written before it.
   */
  readonly run: (files: readonly string[]) => unknown;
  /** `metrics.json`, where there is something to measure. */
  readonly metrics?: unknown;
  readonly pictures: ReconstructionPictures;
  /** Expected errors, where they were asked for. */
  readonly judged?: Judged;
  /** What the object is written as as well. */
  readonly also?: AlsoWritten;
}

/** The object in other formats. */
export interface AlsoWritten {
  readonly formats: readonly string[];
  /** What belongs to the reconstruction beside it. */
  readonly beside: Pick<ReconstructionToWrite, "name" | "probe" | "geometry">;
  /** Where it came from, a line each. */
  readonly history: readonly string[];
  readonly warn: (line: string) => void;
}

/** What the pictures beside the object show. */
export interface ReconstructionPictures {
  readonly formats: readonly PictureFormat[];
  /** `[mode, y, x]`. */
  readonly probe: ComplexArray;
  /** Patterns measured and modelled, `[N, N]` in counts; none where no pattern lies on the covered area. */
  readonly patterns: readonly PatternPair[];
  /** `[N, N]`, 1 = valid. */
  readonly mask?: Float32Array;
  /** What whoever sees the pictures must know of the result. */
  readonly warning?: string;
}

/**
 * Writes `reconstruction.npz`, the object in other formats where these are asked for, pictures (`amplitude`, `phase`, `scan`, `patterns`, `probe`), `metrics.json` (when there are
 * metrics) and, last, so that its presence says that the others are complete, `run.json`. Each file is whole or absent.
 * @returns paths of the files written
 * @throws PtychonautError "output"
 */
export async function writeReconstructionFiles(
  folder: string,
  record: ReconstructionRecord,
  home: Home,
): Promise<string[]> {
  const { reconstruction, metrics, run, pictures, judged } = record;
  const { store } = home;
  const path = (name: string): string => joinPath(folder, name);
  const files: string[] = [];
  const write = async (name: string, content: Uint8Array | string): Promise<void> => {
    await store.write(path(name), content);
    files.push(path(name));
  };
  await write(outputs.reconstruction, writeReconstruction(reconstruction));
  // An earlier one may have had other pictures, or others formats of them, or of the object.
  await removePictures(folder, store);
  await removeOtherFormats(folder, store);
  if (record.also !== undefined) files.push(...(await writeAlso(folder, reconstruction, record.also, store)));
  if (judged === undefined) await store.remove(path(outputs.confidence));
  else await write(outputs.confidence, confidenceFile(judged, reconstruction));
  const drawn = pictureFiles(pictures.formats, home);
  for (const [name, sheet] of Object.entries(sheetsOf(reconstruction, pictures, judged)))
    files.push(...(await drawn.write(path(name), sheet)));
  if (metrics !== undefined) await write(outputs.metrics, jsonText(metrics));
  await write(outputs.run, jsonText(run(files)));
  return files;
}

async function writeAlso(
  folder: string,
  reconstruction: Reconstruction,
  { formats, beside, history, warn }: AlsoWritten,
  store: RunStore,
): Promise<readonly string[]> {
  const { warnings: _, ...known } = reconstruction;
  const all = { ...known, ...beside };
  const files: string[] = [];
  for (const writer of formats.map(reconstructionWriterNamed)) {
    for (const line of lostInReconstruction(writer, all)) warn(`${writer.name} cannot hold ${line}`);
    for (const line of writer.missing?.(all) ?? []) warn(line);
    const names = filesOf(writer).map((name) => joinPath(folder, name));
    await writer.write(
      all,
      names.map((path) => fileToWrite(path, store)),
      history,
    );
    files.push(...names);
  }
  return files;
}

async function removeOtherFormats(folder: string, store: RunStore): Promise<void> {
  for (const writer of reconstructionWriters)
    for (const name of filesOf(writer)) if (name !== outputs.reconstruction) await store.remove(joinPath(folder, name));
}

/** Takes away what an earlier reconstruction left, its record first. */
export async function removeReconstructionFiles(folder: string, store: RunStore): Promise<void> {
  const { run, reconstruction, metrics, confidence } = outputs;
  for (const name of [run, reconstruction, metrics, confidence]) await store.remove(joinPath(folder, name));
  await removeOtherFormats(folder, store);
  await removePictures(folder, store);
}

async function removePictures(folder: string, store: RunStore): Promise<void> {
  const { amplitude, phase, scan, patterns, probe, slices, objectModes, confidence } = outputs.pictures;
  for (const name of [amplitude, phase, scan, patterns, probe, slices, objectModes, confidence])
    for (const format of PICTURE_FORMATS) await store.remove(joinPath(folder, `${name}.${format}`));
}

/** The pictures by their names; each is drawn when it is its turn. */
function sheetsOf(
  { object, slices, objectModes, coverage, positions, origin, pixelSizeM }: Reconstruction,
  { probe, patterns, mask, warning }: ReconstructionPictures,
  judged: Judged | undefined,
): Readonly<Record<string, () => Sheet>> {
  const scale: FigureOptions = pixelSizeM === undefined ? {} : { pixelSizeM };
  // What is wrong with the result stands above what is of the result.
  const options: FigureOptions = {
    ...scale,
    ...(warning === undefined ? {} : { warning }),
  };
  const [height, width] = object.shape as [number, number];
  const panels = objectPanels(object, wellCovered(coverage));
  const { pictures: names } = outputs;
  return {
    [names.amplitude]: () => figure([panels.amplitude], options),
    [names.phase]: () => figure([panels.phase], options),
    [names.scan]: () => scanFigure({ coverage, height, width, positions, origin }, scale),
    [names.probe]: () => probeFigure({ probe }, scale),
    ...(slices === undefined
      ? {}
      : { [names.slices]: () => figureOfRows(planeRows(slices, wellCovered(coverage), "slice"), options) }),
    ...(objectModes === undefined
      ? {}
      : { [names.objectModes]: () => figureOfRows(planeRows(objectModes, wellCovered(coverage), "state"), options) }),
    ...(judged === undefined
      ? {}
      : { [names.confidence]: () => confidenceFigure({ object, known: judged.known, ...judged.confidence }, options) }),
    ...(patterns.length === 0
      ? {}
      : { [names.patterns]: () => patternsFigure(patterns, probe.shape.slice(1) as [number, number], mask, options) }),
  };
}

/** JSON for people, ending in a newline. Numbers that are not finite become null. */
function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
