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
  const value = numberAt(text, "physics_parameters", "nphotons") ?? numberAt(text, "nphotons");
  if (value === undefined) return undefined;
  if (value > 0 && Number.isFinite(value)) return value;
  warnings.push(`_metadata states ${value} photons per pattern and was ignored`);
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

function numberAt(root: Record<string, unknown>, ...path: string[]): number | undefined {
  let value: unknown = root;
  for (const name of path) value = isRecord(value) ? value[name] : undefined;
  return typeof value === "number" ? value : undefined;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
