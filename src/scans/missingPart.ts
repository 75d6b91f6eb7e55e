import { PtychonautError } from "../errors.ts";
import type { Geometry } from "../optics/geometry.ts";
import { propagatorOf } from "../physics/propagation/propagators.ts";
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

/** Where the probe that there is cannot be used. */
export const anotherProbe: string = `another: ${optionAdvice("probeFile", "FILE::ARRAY")}, or one to be built: ${optionAdvice("probeModel", probeModels.join("|"))}`;

export const missingWords = (role: Role): string => `the scan has no ${role}`;

/** @throws PtychonautError "data" always: what is missing, and how to say where it is */
export function missingPart(role: Role, where: string, arrays?: readonly string[]): never {
  throw new PtychonautError("data", missingWords(role), {
    where,
    ...(arrays === undefined ? {} : { got: `the arrays ${arrays.join(", ")}` }),
    fix: missingAdvice[role],
  });
}

/** All at once that a near field without a probe lacks. @throws PtychonautError "data" always */
export function missingInNearField(geometry: Geometry, where: string): never {
  const probe = `make a probe of the mean pattern, ${optionAdvice("probeModel", "mean")}, or name another file: ${optionAdvice("probeFile", "FILE::ARRAY")}`;
  try {
    propagatorOf(geometry, where);
  } catch (error) {
    if (!(error instanceof PtychonautError)) throw error;
    throw new PtychonautError(error.kind, `${error.what}, and a probe`, {
      ...error.details,
      fix: `${error.details.fix}, and ${probe}`,
    });
  }
  throw new PtychonautError("data", missingWords("probe"), { where, fix: probe });
}
