import { recogniseReconstruction } from "../reconstructions/registry.ts";
import type { ConversionRequest } from "./conversionRequest.ts";
import { convertReconstruction } from "./convertReconstruction.ts";
import { convertScan } from "./convertScan.ts";
import type { RunHooks, RunOutcome } from "./hooks.ts";
import type { Home } from "./machine.ts";
import { withArrays } from "./openArrays.ts";

/**
 * Writes a scan or a reconstruction in another format. What the format cannot hold is said before anything is written.
 * @throws PtychonautError "usage" for what cannot be; "data" for a file that cannot be read; "output"
 */
export async function runConversion(request: ConversionRequest, hooks: RunHooks, home: Home): Promise<RunOutcome> {
  const { input, reading } = request;
  // Patterns may be said to be elsewhere: then it is a scan, whatever its file holds.
  const isScan = reading.patterns !== undefined || reading.format !== undefined;
  const isReconstruction =
    !isScan &&
    (await home.store.kindOf(input)) === "file" &&
    (await withArrays(input, home.store, (file) => recogniseReconstruction(file)?.alone === true));
  return isReconstruction ? convertReconstruction(request, hooks, home) : convertScan(request, hooks, home);
}
