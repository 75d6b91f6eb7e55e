import type { GeneratorOptions } from "../nets/generator.ts";

/** Settings of a spectral generator that the reference's weights themselves tell. */
export type ImpliedSpectralSettings = Pick<GeneratorOptions, "fnoWidth" | "fnoModes" | "fnoBlocks"> &
  Partial<
    Pick<
      GeneratorOptions,
      | "fnoCnnBlocks"
      | "fnoStableBlocks"
      | "generatorOutputMode"
      | "ffnoEncoderShareWeights"
      | "ffnoEncoderMlpRatio"
      | "ffnoEncoderLocalConv"
    >
  > & { readonly architecture: "fno" | "fno_vanilla" | "ffno"; readonly gridsize: number };

type Shapes = ReadonlyMap<string, { readonly shape: readonly number[] }>;

/**
 * Reads the generator and its sizes off names and shapes of the reference's weights. The input transform and, without
 * separate maps for amplitude and phase, the output mode leave no trace in them.
 * @param arrays by the reference's names, behind any prefix
 * @returns undefined when they are not a spectral generator's
 */
export function impliedSpectralSettings(arrays: Shapes): ImpliedSpectralSettings | undefined {
  const lifter = [...arrays.keys()].find((name) => /(^|\.)lifter\.conv1\.weight$/.test(name));
  if (lifter === undefined) return undefined;
  const prefix = lifter.slice(0, -"lifter.conv1.weight".length);
  const shapeOf = (name: string): readonly number[] => arrays.get(prefix + name)?.shape ?? [];
  const has = (name: string): boolean => arrays.has(prefix + name);
  const count = (before: string, after: string): number => {
    let i = 0;
    while (has(`${before}.${i}.${after}`)) i++;
    return i;
  };
  const [fnoWidth, channels] = shapeOf("lifter.conv1.weight") as [number, number];
  const gridsize = Math.sqrt(channels);
  if (!Number.isInteger(gridsize)) return undefined;
  const common = {
    gridsize,
    fnoWidth,
    ...(has("output_amp.weight") ? { generatorOutputMode: "amp_phase" as const } : {}),
  };
  for (const [architecture, stack] of [
    ["fno", "fno_blocks"],
    ["fno_vanilla", "blocks"],
  ] as const) {
    const fnoModes = shapeOf(`${stack}.0.spectral.weights_re`)[2];
    if (fnoModes === undefined) continue;
    return {
      architecture,
      ...common,
      fnoModes,
      fnoBlocks: count(stack, "spectral.weights_re"),
      fnoStableBlocks: has(`${stack}.0.layerscale`),
      ...(architecture === "fno" ? { fnoCnnBlocks: count("cnn_refiner", "0.weight") } : {}),
    };
  }
  const [hidden] = shapeOf("ffno_stack.blocks.0.expand.weight");
  if (hidden === undefined) return undefined;
  const unshared = has("ffno_stack.blocks.0.shared_spectral.weights_x_re");
  const spectral = unshared ? "ffno_stack.blocks.0.shared_spectral" : "ffno_stack.shared_spectral";
  return {
    architecture: "ffno",
    ...common,
    fnoModes: shapeOf(`${spectral}.weights_x_re`)[2] ?? 0,
    fnoBlocks: count("ffno_stack.blocks", "expand.weight"),
    fnoCnnBlocks: count("refiners", "conv1.weight"),
    ffnoEncoderShareWeights: !unshared,
    ffnoEncoderMlpRatio: hidden / fnoWidth,
    ffnoEncoderLocalConv: has("ffno_stack.blocks.0.local_conv.weight"),
  };
}
