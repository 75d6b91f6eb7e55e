import { z } from "zod";
import { PtychonautError } from "../errors.ts";
import { parseJson } from "../formats/json.ts";
import type { DataFacts } from "./fingerprint.ts";

/** Anything that JSON can say. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** One tensor inside model.onnx. */
export interface TensorEntry {
  readonly name: string;
  readonly shape: readonly number[];
  /** CRC-32 of its bytes. */
  readonly crc: number;
}

/** What a bundle says about its model; `manifest.json`. */
export interface Manifest {
  readonly formatVersion: typeof formatVersion;
  /** Program and version that wrote it. */
  readonly createdBy: string;
  /** Every resolved setting, to be parsed again by the config room. */
  readonly config: JsonObject;
  /** The one normalisation that the network was trained with. */
  readonly scales: Readonly<Record<string, number>>;
  readonly trainedOn: DataFacts;
  /** Every scan of a training on several, the first (`trainedOn`) included; `scales` has then means of what was learned. */
  readonly scans?: readonly TrainedScan[];
  /** The learned weights and the buffers that belong to them. */
  readonly parameters: readonly TensorEntry[];
  /** All other tensors of the model (DFT matrices, index tables ...). */
  readonly constants: readonly TensorEntry[];
  /** Where the probe was trained: the member `probe.npy`. */
  readonly probe?: TensorEntry;
}

/** One of several scans. */
export interface TrainedScan {
  readonly facts: DataFacts;
  readonly scales: Readonly<Record<string, number>>;
}

/** Raised whenever an older program could misread a newer bundle. */
export const formatVersion = 1;

const count = z.int().nonnegative();
const tensor = z.strictObject({ name: z.string(), shape: z.array(count), crc: count });
const tensors = z.array(tensor);
const metres = z.number().positive().optional();
const geometry = z.strictObject({
  propagation: z.enum(["far-field", "near-field"]),
  radiation: z.enum(["photons", "electrons"]).optional(),
  wavelengthM: metres,
  detectorDistanceM: metres,
  detectorPixelM: metres,
  objectPixelM: metres,
});
const facts = z.strictObject({
  name: z.string(),
  N: count,
  gridsize: count,
  measurement: z.enum(["counts", "amplitude"]),
  frames: count,
  probeModes: count,
  probeCrc: count,
  positionsCrc: count,
  patternsCrc: count.optional(),
  geometry: geometry.optional(),
});
const schema = z.strictObject({
  formatVersion: z.literal(formatVersion),
  createdBy: z.string(),
  config: z.record(z.string(), z.json()),
  scales: z.record(z.string(), z.number()),
  trainedOn: facts,
  scans: z.array(z.strictObject({ facts, scales: z.record(z.string(), z.number()) })).optional(),
  parameters: tensors,
  constants: tensors,
  probe: tensor.optional(),
});

/**
 * @throws PtychonautError "bundle" when the text is no JSON, of another format version, or has a missing, wrong or
 * unknown entry
 */
export function parseManifest(text: string, where: string): Manifest {
  const json = parseJsonObject(text, where);
  if (json["formatVersion"] !== formatVersion)
    throw new PtychonautError("bundle", "the bundle has a format that this program does not know", {
      where,
      expected: `formatVersion ${formatVersion}`,
      got: JSON.stringify(json["formatVersion"]) ?? "none",
      fix: "use the version of ptychonaut that wrote it, or train again",
    });
  const result = schema.safeParse(json);
  if (result.success) return result.data as Manifest;
  const { path, message } = result.error.issues[0];
  throw new PtychonautError("bundle", "the bundle's manifest is damaged", {
    where,
    got: `${path.join(".") || "manifest"}: ${message}`,
  });
}

/** @throws PtychonautError "bundle" when the text is not a JSON object */
export function parseJsonObject(text: string, where: string): JsonObject {
  try {
    const json = parseJson(text, where);
    if (typeof json === "object" && json !== null && !Array.isArray(json)) return json as JsonObject;
  } catch (cause) {
    const deep = cause instanceof PtychonautError && cause.message.includes("nested");
    const what = deep ? "a member of the bundle is nested too deeply" : "a member of the bundle is not JSON";
    throw new PtychonautError("bundle", what, { where, cause });
  }
  throw new PtychonautError("bundle", "a member of the bundle is not a JSON object", { where });
}
