import { PtychonautError } from "../errors.ts";
import { probeModels } from "./prepare/probeOptions.ts";
import { optionAdvice } from "./scanOptions.ts";

/** What a scan consists of that may lie in another file. */
export type Role = "patterns" | "positions" | "probe";

/** How to say where a part is, by settings. */
export const missingAdvice: Readonly<Record<Role, string>> = {
  patterns: `name their array with ${optionAdvice("patternsKey")}, or another file: ${optionAdvice("patterns", "FILE::ARRAY")}`,
  positions: `name their array with ${optionAdvice("positionsKey")}, or another file: ${optionAdvice("positions", "FILE::ARRAY")}, or say the step of a raster: ${optionAdvice("scanStep")}`,
  probe: `name its array with ${optionAdvice("probeKey")}, or another file: ${optionAdvice("probeFile", "FILE::ARRAY")}, or build one: ${optionAdvice("probeModel", probeModels.join("|"))}`,
};

export const missingWords = (role: Role): string => `the scan has no ${role}`;

/** @throws PtychonautError "data" always: what is missing, and how to say where it is */
export function missingPart(role: Role, where: string, arrays?: readonly string[]): never {
  throw new PtychonautError("data", missingWords(role), {
    where,
    ...(arrays === undefined ? {} : { got: `the arrays ${arrays.join(", ")}` }),
    fix: missingAdvice[role],
  });
}
