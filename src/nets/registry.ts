import { unknownName } from "../errors.ts";
import { cnn } from "./cnn.ts";
import { ffno } from "./ffno.ts";
import { fno, fnoVanilla } from "./fno.ts";
import type { Generator, GeneratorOptions } from "./generator.ts";
import { hybridResnet } from "./hybridResnet.ts";
import { ptychonn } from "./ptychonn.ts";
import { spectralResnetBottleneck } from "./spectralResnetBottleneck.ts";
import { uno } from "./uno.ts";
import { unrolled } from "./unrolled.ts";

/**
 * Every generator by the name that `architecture` takes. A new one is a file and a line here: the setting's values, the
 * help, and the check that a setting belongs to the generator follow from it.
 */
const generators: Readonly<Record<string, Generator>> = {
  cnn,
  fno,
  fno_vanilla: fnoVanilla,
  ffno,
  neuralop_uno: uno,
  hybrid_resnet: hybridResnet,
  spectral_resnet_bottleneck: spectralResnetBottleneck,
  ptychonn,
  unrolled,
};

export const generatorNames: readonly string[] = Object.keys(generators);

/** @throws PtychonautError "usage" for a name that is not registered */
export function generatorNamed(name: string): Generator {
  if (!Object.hasOwn(generators, name)) throw unknownName("architecture", name, generatorNames);
  return generators[name];
}

/** Names of the generators that have a setting. */
export const generatorsWith = (setting: keyof GeneratorOptions): readonly string[] =>
  generatorNames.filter((name) => generatorNamed(name).settings.includes(setting));

/** The settings that some generator names as its own. */
export const generatorSettings: readonly (keyof GeneratorOptions)[] = [
  ...new Set(generatorNames.flatMap((name) => generatorNamed(name).settings)),
];
