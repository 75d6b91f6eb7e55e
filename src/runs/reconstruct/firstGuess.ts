import type { ComplexArray } from "../../arrays.ts";
import type { ReconstructionPayload } from "../../config/payload.ts";
import type { Dataset } from "../../data/dataset.ts";
import type { EngineScan } from "../../engines/scan.ts";
import { PtychonautError, setting } from "../../errors.ts";
import type { FoundObject } from "../../reconstructions/reconstructionFormat.ts";
import { toComplex } from "../../scans/complexImages.ts";
import type { RunHooks } from "../hooks.ts";
import { runPrediction } from "../infer/infer.ts";
import type { Home } from "../machine.ts";
import { readObjectFile } from "../objectFile.ts";
import { withArrays } from "../openArrays.ts";
import { outputs, subfolders } from "../outputs.ts";
import { joinPath } from "../paths.ts";
import { createInferencePayload } from "../payloads.ts";
import { readingFor } from "../readingFor.ts";
import { onPixelsOf } from "../samePixels.ts";
import { isThere } from "../store.ts";

/** What engines begin with, instead of a flat object and the scan's probe. */
export interface FirstGuess {
  readonly object: NonNullable<EngineScan["object"]>;
  /** `[mode, y, x]` on the scale of the scan's probe, where there is one beside the object. */
  readonly probe?: ComplexArray;
  readonly warnings: readonly string[];
}

/**
 * The object that the setting `init` names: a reconstruction's file, in any format; the output folder of a run, with the
 * probe that was refined there; or a trained network, which predicts it from this scan, into a folder of its own.
 *
 * @throws PtychonautError "data" where the object's place is not known, or the probe does not fit the patterns
 */
export async function firstGuess(
  init: string,
  dataset: Dataset,
  payload: ReconstructionPayload,
  hooks: RunHooks,
  home: Home,
): Promise<FirstGuess> {
  const { store } = home;
  const folder = (await store.kindOf(init)) === "folder";
  const file = folder ? joinPath(init, outputs.reconstruction) : init;
  const isNetwork = folder ? !(await isThere(file, store)) : init.toLowerCase().endsWith(".zip");
  const from = isNetwork ? await predicted(init, payload, hooks, home) : file;
  const found = await readObjectFile(from, home);
  const probe = folder ? await probeBeside(init, dataset, payload, home) : undefined;
  return { ...placed(found, from, dataset), ...(probe === undefined ? {} : { probe }) };
}

/** What a network makes of the scan. @returns its file */
async function predicted(
  modelPath: string,
  { scan, outputDir, overridden }: ReconstructionPayload,
  hooks: RunHooks,
  home: Home,
): Promise<string> {
  const folder = joinPath(outputDir, subfolders.network);
  const overrides = readingFor("inference", overridden);
  const request = { modelPath, testDataFile: scan, outputDir: folder, overwrite: true, overrides };
  hooks.log(`the network of ${modelPath} predicts what the engine begins with`);
  await runPrediction(await createInferencePayload(request, home), hooks, home);
  const file = joinPath(folder, outputs.reconstruction);
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
  const path = joinPath(folder, `${outputs.probe(0, 1)}.npz`);
  const stated = overridden.some(({ name }) => name === "probeFile" || name === "probeModel");
  if (stated || !(await isThere(path, home.store))) return undefined;
  const refined = await withArrays(path, home.store, (arrays) => {
    const array = arrays.readNumbers("probeGuess");
    return { shape: array.shape, data: toComplex(array, path) };
  });
  if (String(refined.shape) === String(probe.shape)) return refined;
  throw new PtychonautError("data", "the refined probe does not fit this scan", {
    where: path,
    expected: `[${probe.shape.join(", ")}]`,
    got: `[${refined.shape.join(", ")}]`,
    fix: `state ${setting("probe_file")}, or name the run's ${outputs.reconstruction} alone`,
  });
}

/** On the scan's object pixels. Pixels that nothing covered are 1. */
function placed(
  { object, origin, coverage, pixelRatio }: FoundObject,
  path: string,
  { provenance }: Dataset,
): Pick<FirstGuess, "object" | "warnings"> {
  if (origin === undefined)
    throw new PtychonautError("data", "the file does not say where its object lies on the scan", {
      where: path,
      expected: `the origin in object pixels, as a ${outputs.reconstruction} has it`,
    });
  const found = {
    ...{ path, object: filled(object, coverage), origin },
    ...(pixelRatio === undefined ? {} : { pixelRatio }),
  };
  const { reference, warnings } = onPixelsOf(found, [{ pixelRatio: provenance.pixelRatio ?? [1, 1] }]);
  const [y, x] = [Math.floor(reference.origin.y), Math.floor(reference.origin.x)];
  const moved = between(reference.object, [reference.origin.y - y, reference.origin.x - x]);
  const [height, width] = moved.shape;
  return { object: { values: { shape: [1, height, width], data: moved.data }, origin: [y, x] }, warnings };
}

function filled({ shape, data }: ComplexArray, coverage: Float32Array | undefined): ComplexArray {
  const out = data.slice();
  for (let i = 0; i < out.length; i += 2) {
    const covered = coverage === undefined || coverage[i / 2] > 0;
    if (!covered || (out[i] === 0 && out[i + 1] === 0)) out.set([1, 0], i);
  }
  return { shape, data: out };
}

/** Values at whole pixels of an image whose first pixel lies at a fraction of one, by linear interpolation; 1 outside. */
function between({ shape, data }: ComplexArray, [down, right]: readonly [down: number, right: number]): ComplexArray {
  if (down === 0 && right === 0) return { shape, data };
  const [height, width] = shape;
  const [rows, columns] = [height + 1, width + 1];
  const out = new Float32Array(2 * rows * columns);
  const at = (y: number, x: number, part: number): number =>
    y < 0 || x < 0 || y >= height || x >= width ? 1 - part : data[2 * (y * width + x) + part];
  for (let y = 0; y < rows; y++)
    for (let x = 0; x < columns; x++)
      for (let part = 0; part < 2; part++)
        out[2 * (y * columns + x) + part] =
          (1 - down) * ((1 - right) * at(y, x, part) + right * at(y, x - 1, part)) +
          down * ((1 - right) * at(y - 1, x, part) + right * at(y - 1, x - 1, part));
  return { shape: [rows, columns], data: out };
}
