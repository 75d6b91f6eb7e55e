import type { ExecutionConfig } from "../config/executionConfig.ts";
import type { SettingOrigin } from "../config/payload.ts";
import { PtychonautError, setting } from "../errors.ts";
import type { Runtime } from "../runtime/runtime.ts";

/**
 * Bit-identical results are promised for the CPU only, by itself or through WebAssembly.
 * @returns what to warn of
 * @throws PtychonautError "usage" when a deterministic run was asked for in so many words, elsewhere
 */
export function checkDeterminism(
  { execution, overridden }: { readonly execution: ExecutionConfig; readonly overridden: readonly SettingOrigin[] },
  { provider, description }: Runtime,
): string[] {
  if (execution.deterministic === false || provider === "cpu" || provider === "wasm") return [];
  if (execution.deterministic === true && overridden.some(({ name }) => name === "deterministic")) {
    throw new PtychonautError("usage", "a deterministic run is possible on the CPU only", {
      got: description,
      fix: `say ${setting("accelerator", "cpu")}, or leave ${setting("deterministic")} out`,
    });
  }
  return [`bit-identical results are promised on the CPU only, not on ${description}`];
}
