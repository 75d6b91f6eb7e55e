import type { ComplexArray } from "../../arrays.ts";
import type { ReconstructionPayload } from "../../config/payload.ts";
import type { Dataset } from "../../data/dataset.ts";
import type { EngineScan, Variations } from "../../engines/scan.ts";
import { opr } from "../../engines/wrappers/opr.ts";
import { PtychonautError, setting } from "../../errors.ts";
import type { FoundObject } from "../../reconstructions/reconstructionFormat.ts";
import { toComplex } from "../../scans/complexImages.ts";
import type { RunHooks } from "../hooks.ts";
import { runPrediction } from "../infer/infer.ts";
import { contentsInWords } from "../inputs/bundleFiles.ts";
import type { Home } from "../machine.ts";
import { readObjectFile, splitAddress } from "../objectFile.ts";
import { withArrays } from "../openArrays.ts";
import { outputs, subfolders } from "../outputs.ts";
import { joinPath } from "../paths.ts";
import { createInferencePayload } from "../payloads.ts";
import { readingFor } from "../readingFor.ts";
import { refinedProbe } from "../refinedProbe.ts";
import { onPixelsOf } from "../samePixels.ts";
import { isThere, type RunStore } from "../store.ts";
import { filledObject } from "./filledObject.ts";
import { readVariations } from "./variationFiles.ts";

/** What engines begin with, instead of a flat object and the scan's probe. */
export interface FirstGuess {
  readonly object: NonNullable<EngineScan["object"]>;
  /** `[mode, y, x]` on the scale of the scan's probe, where there is one beside the object. */
  readonly probe?: ComplexArray;
  /** How it varies from frame to frame of the scan's file, on the same scale. */
  readonly variations?: Variations;
  readonly warnings: readonly string[];
}

/**
 * The object that the setting `init` names: a reconstruction's file, in any format; the output folder of a run, with the
 * probe that was refined there and how it varied from frame to frame; or a trained network, which predicts it from this scan, into a folder of its own.
 *
 * @param again whether this run began with it before: a network has predicted it then
 * @throws PtychonautError "data" where the object's place is not known, or the probe does not fit the patterns
 */
export async function firstGuess(
  init: string,
  dataset: Dataset,
  payload: ReconstructionPayload,
  hooks: RunHooks,
  home: Home,
  again: boolean,
): Promise<FirstGuess> {
  const { store } = home;
  const folder = (await store.kindOf(init)) === "folder";
  const file = folder ? joinPath(init, outputs.reconstruction) : init;
  const isNetwork = folder ? !(await isThere(file, store)) : init.toLowerCase().endsWith(".zip");
  await checkThere(init, folder && isNetwork, store);
  const from = isNetwork ? await predicted(init, payload, hooks, home, again) : file;
  const found = await readObjectFile(from, home);
  const probe = folder ? await probeBeside(init, dataset, payload, home) : undefined;
  const { variations, warnings } = probe === undefined ? none : await variationsBeside(init, dataset, payload, store);
  const object = placed(found, from, dataset, payload.reconstruction.objectModes);
  return {
    ...object,
    ...(probe === undefined ? {} : { probe }),
    ...(variations === undefined ? {} : { variations }),
    warnings: [...object.warnings, ...warnings],
  };
}

const none = { variations: undefined, warnings: [] } as const;

/** How the probe of a run varied, where a stage lets it vary. Frames of another scan vary otherwise. */
async function variationsBeside(
  folder: string,
  { patterns }: Dataset,
  { stages }: ReconstructionPayload,
  store: RunStore,
): Promise<{ readonly variations?: Variations | undefined; readonly warnings: readonly string[] }> {
  const path = joinPath(folder, outputs.variations);
  if (!(await isThere(path, store))) return none;
  if (!stages.some(({ wrappers }) => wrappers.some(({ name }) => name === opr.name)))
    return {
      warnings: [
        `the probe varied from frame to frame in ${folder}, and is the same for all here: say ${setting("wrappers", opr.name)}`,
      ],
    };
  const variations = await readVariations(path, store);
  const frames = variations.weights.length / variations.directions.shape[0];
  return frames === patterns.count
    ? { variations, warnings: [] }
    : { warnings: [`${path} has ${frames} frames and the scan ${patterns.count}: how their probes vary begins anew`] };
}

/**
 * @param isModel whether it must be the folder of a trained network, since it holds no reconstruction
 * @throws PtychonautError "usage" where nothing is there that an engine could begin with
 */
async function checkThere(init: string, isModel: boolean, store: RunStore): Promise<void> {
  const isMissing = !(await isThere(splitAddress(init).path, store));
  if (!isMissing && !(isModel && !(await isThere(joinPath(init, outputs.model), store)))) return;
  throw new PtychonautError("usage", "there is nothing for an engine to begin with", {
    where: init,
    expected: `a reconstruction's file, or a run's folder with its ${outputs.reconstruction} or ${outputs.model}`,
    got: isMissing ? "nothing of that name" : contentsInWords(await store.list(init)),
    fix: `name a run that ended, or leave out ${setting("init")}: then engines begin with an empty object`,
  });
}

/** What a network makes of the scan. @returns its file */
async function predicted(
  modelPath: string,
  { scan, outputDir, overridden }: ReconstructionPayload,
  hooks: RunHooks,
  home: Home,
  again: boolean,
): Promise<string> {
  const folder = joinPath(outputDir, subfolders.network);
  const file = joinPath(folder, outputs.reconstruction);
  if (again && (await isThere(file, home.store))) return file;
  const overrides = readingFor("inference", overridden);
  const request = { modelPath, testDataFile: scan, outputDir: folder, overwrite: true, overrides };
  hooks.log(`the network of ${modelPath} predicts what the engine begins with`);
  await runPrediction(await createInferencePayload(request, home), hooks, home);
  if (await isThere(file, home.store)) return file;
  throw new PtychonautError("data", "the network predicted nothing that an engine could begin with", {
    where: modelPath,
    fix: `see ${folder}, or leave out ${setting("init")}`,
  });
}

/** The probe that a run refined, unless another is stated. */
async function probeBeside(
  folder: string,
  { probe }: Dataset,
  { overridden }: ReconstructionPayload,
  home: Home,
): Promise<ComplexArray | undefined> {
  const path = joinPath(folder, refinedProbe.file);
  const stated = overridden.some(({ name }) => name === "probeFile" || name === "probeModel");
  if (stated || !(await isThere(path, home.store))) return undefined;
  const refined = await withArrays(path, home.store, (arrays) => {
    const array = arrays.readNumbers(refinedProbe.key);
    return { shape: array.shape, data: toComplex(array, path) };
  });
  // Other modes than the scan's are what a run came to.
  if (refined.shape.length === 3 && String(refined.shape.slice(1)) === String(probe.shape.slice(1))) return refined;
  throw new PtychonautError("data", "the refined probe does not fit this scan", {
    where: path,
    expected: `[modes, ${probe.shape.slice(1).join(", ")}]`,
    got: `[${refined.shape.join(", ")}]`,
    fix: `state ${setting("probe_file")}, or name the run's ${outputs.reconstruction} alone`,
  });
}

/**
 * On the scan's object pixels. Pixels that nothing covered are 1, in states beyond the strongest 0.
 * @param most states that are to be begun with
 */
function placed(
  { object, objectModes, origin, coverage, pixelRatio }: FoundObject,
  path: string,
  { provenance }: Dataset,
  most: number,
): Pick<FirstGuess, "object" | "warnings"> {
  if (origin === undefined)
    throw new PtychonautError("data", "the file does not say where its object lies on the scan", {
      where: path,
      expected: `the origin in object pixels, as a ${outputs.reconstruction} has it`,
    });
  const states = objectModes === undefined ? [object] : planesOf(objectModes);
  const planes = states.slice(0, most).map((state, k) => {
    const empty = k === 0 ? 1 : 0;
    const found = {
      ...{ path, object: filledObject(state, coverage, empty), origin },
      ...(pixelRatio === undefined ? {} : { pixelRatio }),
    };
    const { reference, warnings } = onPixelsOf(found, [{ pixelRatio: provenance.pixelRatio ?? [1, 1] }]);
    const [y, x] = [Math.floor(reference.origin.y), Math.floor(reference.origin.x)];
    const moved = between(reference.object, [reference.origin.y - y, reference.origin.x - x], empty);
    return { moved, at: [y, x] as const, warnings };
  });
  const [{ moved, at, warnings }] = planes;
  const data = new Float32Array(planes.length * moved.data.length);
  planes.forEach((plane, k) => void data.set(plane.moved.data, k * moved.data.length));
  const left =
    states.length > most ? [`of ${states.length} states of the object in ${path} the strongest ${most} begin`] : [];
  return {
    object: { values: { shape: [planes.length, ...moved.shape], data }, origin: at },
    warnings: [...warnings, ...left],
  };
}

function planesOf({ shape: [count, height, width], data }: ComplexArray): readonly ComplexArray[] {
  const size = 2 * height * width;
  return Array.from({ length: count }, (_, k) => ({
    ...{ shape: [height, width], data: data.slice(k * size, (k + 1) * size) },
  }));
}

/** Values at whole pixels of an image whose first pixel lies at a fraction of one, by linear interpolation. @param outside the value there */
function between(
  { shape, data }: ComplexArray,
  [down, right]: readonly [down: number, right: number],
  outside: number,
): ComplexArray {
  if (down === 0 && right === 0) return { shape, data };
  const [height, width] = shape;
  const [rows, columns] = [height + 1, width + 1];
  const out = new Float32Array(2 * rows * columns);
  const at = (y: number, x: number, part: number): number =>
    y < 0 || x < 0 || y >= height || x >= width ? outside * (1 - part) : data[2 * (y * width + x) + part];
  for (let y = 0; y < rows; y++)
    for (let x = 0; x < columns; x++)
      for (let part = 0; part < 2; part++)
        out[2 * (y * columns + x) + part] =
          (1 - down) * ((1 - right) * at(y, x, part) + right * at(y, x - 1, part)) +
          down * ((1 - right) * at(y - 1, x, part) + right * at(y - 1, x - 1, part));
  return { shape: [rows, columns], data: out };
}
