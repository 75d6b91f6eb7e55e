import { PtychonautError } from "../../../src/errors.ts";
import { isZip, openZip } from "../../../src/formats/zip.ts";
import { isObject } from "../../../src/runs/convert.ts";
import { withArrays } from "../../../src/runs/openArrays.ts";
import { outputs } from "../../../src/runs/outputs.ts";
import { baseName, extensionOf } from "../../../src/runs/paths.ts";
import { type RunStore, readJson, withFile } from "../../../src/runs/store.ts";
import type { FoundResult } from "../protocol.ts";

/**
 * What a run has left, if a file is that and no scan.
 * @param alone whether it is the only file that was given: JSON that stands beside nothing can be nothing else than a run's
 * @throws PtychonautError "data" when it is called as the record of a run and is none, or a broken one
 */
export async function resultIn(path: string, alone: boolean, store: RunStore): Promise<FoundResult | undefined> {
  if (extensionOf(path).toLowerCase() === ".json") return recordIn(path, alone, store);
  try {
    if (await isBundle(path, store)) return { path, kind: "model" };
    if (!(await withArrays(path, store, (file) => isObject(file, path)))) return undefined;
    return { path, kind: "object" };
  } catch {
    // Whoever opens it as a scan is told what is wrong with it.
    return undefined;
  }
}

async function recordIn(path: string, alone: boolean, store: RunStore): Promise<FoundResult | undefined> {
  const name = baseName(path);
  const refused = alone || name === outputs.run;
  let json: unknown;
  try {
    json = await readJson(path, store);
  } catch (error) {
    if (!refused) return undefined;
    if (!(error instanceof PtychonautError)) throw error;
    const { cause } = error.details;
    const got = cause instanceof Error ? `${error.what}: ${cause.message}` : error.what;
    throw new PtychonautError(
      "data",
      `this ${name === outputs.run ? outputs.run : "JSON file"} is damaged or cut off`,
      {
        ...{ where: name, expected: "the run.json of a run", got, cause: error },
        fix: "copy it once more from the folder of its run",
      },
    );
  }
  if (isRecord(json)) return { path, kind: "run" };
  if (!refused) return undefined;
  throw new PtychonautError("data", "this JSON file is not the run.json of a run", {
    ...{ where: name, expected: "command, inputs and settings of a run", got: keysOf(json) },
    fix: "choose the run.json of a run's folder; a scan is the file with the arrays",
  });
}

function keysOf(json: unknown): string {
  if (typeof json !== "object" || json === null || Array.isArray(json)) return "no object";
  const keys = Object.keys(json);
  return keys.length === 0
    ? "an object without anything"
    : `${keys.slice(0, 8).join(", ")}${keys.length > 8 ? " …" : ""}`;
}

const isRecord = (json: unknown): boolean =>
  typeof json === "object" && json !== null && "command" in json && "settings" in json && "inputs" in json;

const isBundle = (path: string, store: RunStore): Promise<boolean> =>
  withFile(path, store, (file) => {
    if (!isZip(file.read(0, Math.min(4, file.size)))) return false;
    return openZip(file, path).members.some(({ name }) => name === "manifest.json");
  });

/** The second picture of two that are one object. */
export const isOtherHalf = (path: string, all: readonly string[]): boolean => {
  const first = baseName(path).replace(/_phase(\.tiff?)$/i, "_amplitude$1");
  return first !== baseName(path) && all.some((other) => baseName(other) === first);
};
