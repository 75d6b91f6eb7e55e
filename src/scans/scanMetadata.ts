import { LARGEST_DOSE } from "../data/normalisation.ts";
import { setting } from "../errors.ts";
import type { ArrayFile } from "../formats/arrayFile.ts";

/**
 * Mean photons per pattern as `_metadata` states them: JSON with `physics_parameters.nphotons` (schema 1.0.0), or
 * `nphotons` at its top. Metadata that cannot be read is worth a warning, not a failure.
 */
export function metadataPhotons(file: ArrayFile, warnings: string[]): number | undefined {
  if (!file.has("_metadata")) return undefined;
  const text = metadataText(file);
  if (text === undefined) {
    warnings.push("_metadata is not JSON text and was ignored");
    return undefined;
  }
  const value = valueAt(text, "physics_parameters", "nphotons") ?? valueAt(text, "nphotons");
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number" && value > 0 && value <= LARGEST_DOSE) return value;
  warnings.push(
    `_metadata states ${(typeof value === "number" ? String(value) : JSON.stringify(value)).slice(0, 40)} photons per pattern and was ignored: expected a number above 0, at most ${LARGEST_DOSE.toExponential()}; say the dose by ${setting("nphotons")}`,
  );
  return undefined;
}

/** The JSON text that states the dose in the same schema. */
export function photonsMetadata(photonsPerPattern: number): string {
  return JSON.stringify({ schema_version: "1.0.0", physics_parameters: { nphotons: photonsPerPattern } });
}

function metadataText(file: ArrayFile): Record<string, unknown> | undefined {
  try {
    const array = file.read("_metadata");
    const parsed: unknown = array.dtype === "string" ? JSON.parse(array.data[0] ?? "") : undefined;
    return isRecord(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function valueAt(root: Record<string, unknown>, ...path: string[]): unknown {
  let value: unknown = root;
  for (const name of path) value = isRecord(value) ? value[name] : undefined;
  return value;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
