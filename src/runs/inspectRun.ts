import { sizeOf } from "../arrays.ts";
import { readSavedConfig } from "../config/savedConfig.ts";
import type { ArrayFile } from "../formats/arrayFile.ts";
import type { Recognised, ReconstructionFormat } from "../reconstructions/reconstructionFormat.ts";
import { recogniseReconstruction } from "../reconstructions/registry.ts";
import { attempted } from "../scans/checks/finding.ts";
import { namedFormat } from "../scans/formats/named.ts";
import { chooseFormat } from "../scans/registry.ts";
import { readBundleFile } from "./inputs/bundleFiles.ts";
import { type MadeBy, madeBy } from "./madeBy.ts";
import { withArrays } from "./openArrays.ts";
import { outputs } from "./outputs.ts";
import { baseName, folderOf, joinPath } from "./paths.ts";
import { isThere, type RunStore } from "./store.ts";

/** What a run left, looked at. */
export interface RunInspection {
  readonly name: string;
  readonly reconstruction?: ReconstructionInspection;
  readonly model?: ModelInspection;
  /** Where a `run.json` lies beside it. */
  readonly madeBy?: MadeBy;
}

export interface ReconstructionInspection {
  readonly format: string;
  readonly arrays: readonly { readonly key: string; readonly shape: readonly number[]; readonly dtype: string }[];
  /** `[y, x]`. */
  readonly shape: readonly number[];
  readonly states: number;
  readonly slices: number;
  readonly pixelSizeM?: number;
  /** Of the first pixel, in the scan's object pixels. */
  readonly origin?: { readonly y: number; readonly x: number };
  /** Share of the pixels that any window covers. */
  readonly covered?: number;
  readonly positions?: number;
}

export interface ModelInspection {
  readonly architecture: string;
  readonly N: number;
  readonly gridsize: number;
  readonly parameters: number;
}

/**
 * What a reconstruction's file, a model or the output folder of a run holds, and what made it.
 * @returns undefined where the path is none of these: a scan, as a rule
 * @throws PtychonautError "data" or "bundle" where it is damaged
 */
export async function inspectRun(path: string, store: RunStore): Promise<RunInspection | undefined> {
  const folder = (await store.kindOf(path)) === "folder";
  const file = folder ? joinPath(path, outputs.reconstruction) : path;
  const bundle = folder ? joinPath(path, outputs.model) : path;
  const isModel = baseName(bundle) === outputs.model && (await isThere(bundle, store));
  const model = isModel ? await modelIn(bundle, store) : undefined;
  const reconstruction = !isModel && (await isThere(file, store)) ? await reconstructionIn(file, store) : undefined;
  if (model === undefined && reconstruction === undefined) return undefined;
  const made = await madeBy(folder ? path : folderOf(path), baseName(model === undefined ? file : bundle), store);
  return {
    name: path,
    ...(reconstruction === undefined ? {} : { reconstruction }),
    ...(model === undefined ? {} : { model }),
    ...(made === undefined ? {} : { madeBy: made }),
  };
}

async function modelIn(path: string, store: RunStore): Promise<ModelInspection> {
  const { manifest } = await readBundleFile(path, store);
  const { architecture, N, gridsize } = readSavedConfig(manifest.config, path).model;
  const parameters = manifest.parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  return { architecture, N, gridsize, parameters };
}

function reconstructionIn(path: string, store: RunStore): Promise<ReconstructionInspection | undefined> {
  return withArrays(path, store, (arrays) => {
    const known = recogniseReconstruction(arrays);
    return known?.alone === true && !isScan(arrays, path) ? described(arrays, known, path) : undefined;
  });
}

/** Whether another program's format knows the file as a scan, and says more of it. */
function isScan(arrays: ArrayFile, path: string): boolean {
  const known = attempted(() => chooseFormat(arrays, {}, path)).value;
  return known !== undefined && known.format !== namedFormat;
}

function described(
  arrays: ArrayFile,
  { format }: Recognised & { readonly format: ReconstructionFormat },
  path: string,
): ReconstructionInspection {
  const { object, objectModes, pixelSizeM, origin, coverage, positions } = format.read(arrays, path);
  const covered = coverage?.reduce((sum, value) => sum + (value > 0 ? 1 : 0), 0);
  return {
    format: format.title,
    arrays: arrays.keys.map((key) => {
      const { shape, dtype } = arrays.header(key);
      return { key, shape, dtype };
    }),
    shape: object.shape,
    states: objectModes?.shape[0] ?? 1,
    slices: arrays.has("slices") ? arrays.header("slices").shape[0] : 1,
    ...(pixelSizeM === undefined ? {} : { pixelSizeM }),
    ...(origin === undefined ? {} : { origin }),
    ...(covered === undefined ? {} : { covered: covered / sizeOf(object.shape) }),
    ...(positions === undefined ? {} : { positions: positions.length / 2 }),
  };
}
