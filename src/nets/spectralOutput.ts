import { slice } from "../graph/ops/layout.ts";
import type { Tensor } from "../graph/tensor.ts";
import { outputPair } from "./activations.ts";
import type { BuildOptions, Patches } from "./generator.ts";
import { type Builder, conv } from "./layers.ts";

/** RMS of a fresh output around its rest, in units of the features'. */
const GAIN = 0.1;

/**
 * Exit of the spectral generators: pixelwise linear maps to full patches. Real and imaginary part as they are; amplitude
 * (sigmoid) and phase (π tanh) from a map each, or, as logits, from the two halves of one map.
 * @param features `[batch, channel, N, N]`
 */
export function spectralOutput(
  builder: Builder,
  features: Tensor,
  { generatorOutputMode: mode, outputs: C }: BuildOptions,
): Patches {
  const [amplitude, phase] = outputPair("amp_phase", "sigmoid").activations;
  return builder.parameters.within("output", () => {
    const map = (name: string, levels: readonly number[]): Tensor =>
      conv(builder, name, features, levels.length, { kernel: 1, gain: GAIN, level: levels });
    const both = (first: number, second: number): [Tensor, Tensor] => {
      const halves = map("both", [...Array<number>(C).fill(first), ...Array<number>(C).fill(second)]);
      const half = (i: number): Tensor => slice(halves, [{ axis: 1, start: i * C, end: (i + 1) * C }]);
      return [half(0), half(1)];
    };
    if (mode === "real_imag") {
      const [re, im] = both(1, 0);
      return { kind: "cartesian", re, im };
    }
    const one = (name: string, level: number): Tensor => map(name, Array<number>(C).fill(level));
    const levels = [amplitude.restArgument, phase.restArgument] as const;
    const [a, b] =
      mode === "amp_phase" ? [one("amplitude", levels[0]), one("phase", levels[1])] : both(levels[0], levels[1]);
    return { kind: "polar", amplitude: amplitude.apply(a), phase: phase.apply(b) };
  });
}
