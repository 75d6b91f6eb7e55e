import type { RealArray } from "../arrays.ts";
import { PtychonautError, setting } from "../errors.ts";
import type { ParameterSpec, ParameterValues } from "../nets/parameters.ts";
import { isReferenceBookkeeping, isReferenceBorder, isReferenceShared, referenceName } from "./referenceNames.ts";

/**
 * Weights of the reference system's network as the values of our parameters. The arrays may share any prefix (the
 * modules that hold the network there). Strict: none may be missing, left over or of another shape.
 * @param arrays by the reference's names
 * @param where names the file in error messages
 * @throws PtychonautError "data" naming the first array that does not fit
 */
export function valuesFromReference(
  arrays: ReadonlyMap<string, RealArray>,
  specs: readonly ParameterSpec[],
  where: string,
): ParameterValues {
  const prefix = sharedPrefix([...arrays.keys()], specs, where);
  const used = new Set<string>();
  const values = Object.fromEntries(
    specs.map(({ name, shape }) => {
      const key = prefix + referenceName(name);
      const array = arrays.get(key);
      if (array === undefined || array.shape.join() !== shape.join()) throw misfit(key, shape, array, where);
      used.add(key);
      return [name, array.data];
    }),
  );
  // Built for a small probe, the reference keeps the weights of the border path that it does not use.
  const borderless = !specs.some(({ name }) => name.includes(".border"));
  const unshared = specs.some(({ name }) => name.startsWith("ffno.0.spectral."));
  const left = [...arrays.keys()].find(
    (key) =>
      key.startsWith(prefix) &&
      !used.has(key) &&
      !isReferenceBookkeeping(key) &&
      !(borderless && isReferenceBorder(key.slice(prefix.length))) &&
      !(unshared && isReferenceShared(key.slice(prefix.length))),
  );
  if (left === undefined) return values;
  throw new PtychonautError("data", `the network has no place for the array "${left}"`, {
    where,
    fix: `say how that network was built: ${setting("architecture")}; of the CNN ${["cbam_encoder", "cbam_bottleneck", "batch_norm", "shared_decoder"].map((name) => setting(name)).join(", ")}`,
  });
}

/** What stands before the name of the first parameter; the shortest, where there are several. */
function sharedPrefix(keys: readonly string[], specs: readonly ParameterSpec[], where: string): string {
  const first = referenceName(specs[0].name);
  const prefixes = keys
    .filter((key) => key === first || key.endsWith(`.${first}`))
    .map((key) => key.slice(0, key.length - first.length));
  const shortest = prefixes.sort((a, b) => a.length - b.length)[0];
  if (shortest !== undefined) return shortest;
  throw new PtychonautError("data", "these are not the weights of the reference's network", {
    where,
    expected: `an array "${first}", behind any prefix`,
    got: keys.slice(0, 5).join(", ") + (keys.length > 5 ? ", …" : ""),
  });
}

function misfit(key: string, shape: readonly number[], array: RealArray | undefined, where: string): PtychonautError {
  return new PtychonautError("data", array === undefined ? `no array "${key}"` : `the array "${key}" does not fit`, {
    where,
    expected: `float32 (${shape.join(", ")})`,
    ...(array === undefined ? {} : { got: `(${array.shape.join(", ")})` }),
    fix: `say how that network was built: ${setting("architecture")}, ${setting("N")}, ${setting("gridsize")}, and its sizes and attention`,
  });
}
