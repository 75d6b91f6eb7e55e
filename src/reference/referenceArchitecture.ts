import type { GeneratorOptions } from "../nets/generator.ts";

/** Settings of the network that the reference's weights themselves tell. */
export type ImpliedSettings = Pick<
  GeneratorOptions,
  "nFiltersScale" | "sharedDecoder" | "batchNorm" | "cbamEncoder" | "cbamBottleneck"
> & { readonly gridsize: number };

/**
 * Reads filter scale, group size, attention, normalisation and the kind of decoder off names and shapes of the reference's
 * weights.
 * @param arrays by the reference's names, behind any prefix
 * @returns undefined when they are not the CNN's
 */
export function impliedSettings(
  arrays: ReadonlyMap<string, { readonly shape: readonly number[] }>,
): ImpliedSettings | undefined {
  const names = [...arrays.keys()];
  const has = (part: RegExp): boolean => names.some((name) => part.test(name));
  const shapeOf = (name: string): readonly number[] => {
    const key = names.find((candidate) => candidate === name || candidate.endsWith(`.${name}`));
    return key === undefined ? [] : arrays.get(key)!.shape;
  };
  const blocks = names.filter((name) => /(^|\.)encoder\.blocks\.\d+\.conv2\.weight$/.test(name)).length;
  // The last encoder block has 128 s channels whatever the size of the patterns.
  const nFiltersScale = (shapeOf(`encoder.blocks.${blocks - 1}.conv2.weight`)[0] ?? 0) / 128;
  const gridsize = Math.sqrt(shapeOf("encoder.blocks.0.conv1.weight")[1] ?? 0);
  if (![nFiltersScale, gridsize].every((value) => Number.isInteger(value) && value >= 1)) return undefined;
  return {
    nFiltersScale,
    gridsize,
    sharedDecoder: has(/(^|\.)decoder_shared\./),
    batchNorm: has(/\.bn1\.weight$/),
    cbamEncoder: has(/(^|\.)encoder\..*\.attention\./),
    cbamBottleneck: has(/(^|\.)bottleneck_cbam\./),
  };
}
