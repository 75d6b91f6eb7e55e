import type { HostTensor } from "../../runtime/runtime.ts";

/** Object or probe, interleaved, as the graphs have it: real and imaginary part by themselves, `PREFIXWAVE.re` and `.im`. */
export function partsOf(
  values: ArrayLike<number>,
  wave: "object" | "probe",
  shape: readonly number[],
  prefix = "",
): Record<string, HostTensor> {
  const part = (offset: number): HostTensor => ({
    data: Float32Array.from({ length: values.length / 2 }, (_, k) => values[2 * k + offset]),
    shape,
  });
  return { [`${prefix}${wave}.re`]: part(0), [`${prefix}${wave}.im`]: part(1) };
}

/** target += both parts, interleaved. */
export function addParts(
  target: Float32Array,
  values: Readonly<Record<string, HostTensor>>,
  wave: "object" | "probe",
  prefix = "",
): Float32Array {
  const [re, im] = ["re", "im"].map((part) => values[`${prefix}${wave}.${part}`].data as Float32Array);
  for (let k = 0; k < re.length; k++) {
    target[2 * k] += re[k];
    target[2 * k + 1] += im[k];
  }
  return target;
}
