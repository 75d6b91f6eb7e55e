import type { GeneratorOptions } from "../nets/generator.ts";
import { generatorNamed, generatorNames, generatorsWith } from "../nets/registry.ts";

/** What a setting means, behind the names of the generators that have it. */
export const ofGenerators = (setting: keyof GeneratorOptions, text: string): string =>
  `${generatorsWith(setting).join(", ")}: ${text}`;

/** All generators and what they are. */
export const generatorList = (): string =>
  generatorNames.map((name) => `${name}: ${generatorNamed(name).summary}`).join("; ");
