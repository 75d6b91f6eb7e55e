import { unknownName } from "../errors.ts";
import { cnn } from "./cnn.ts";
import { ffno } from "./ffno.ts";
import { fno, fnoVanilla } from "./fno.ts";
import type { Generator } from "./generator.ts";

/** Every generator by the name that `architecture` takes. A new one is a file and a line here. */
const generators: Readonly<Record<string, Generator>> = {
  cnn,
  ffno,
  fno,
  fno_vanilla: fnoVanilla,
};

export const generatorNames: readonly string[] = Object.keys(generators);

/** @throws PtychonautError "usage" for a name that is not registered */
export function generatorNamed(name: string): Generator {
  const generator = generators[name];
  if (generator === undefined) throw unknownName("architecture", name, generatorNames);
  return generator;
}
