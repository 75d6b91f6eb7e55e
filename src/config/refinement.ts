import { engineNamed } from "../engines/registry.ts";
import { PtychonautError } from "../errors.ts";

/** An engine and its epochs, as `rpie:20`. */
export interface Refinement {
  readonly engine: string;
  readonly epochs: number;
}

/** @throws PtychonautError "usage" for other words, and for an engine that is not there */
export function parseRefinement(text: string): Refinement {
  const [, engine, epochs] = /^([a-z]+):([1-9]\d*)$/.exec(text) ?? [];
  if (engine === undefined)
    throw new PtychonautError("usage", "refine names an engine and its epochs", {
      expected: "ENGINE:EPOCHS, as rpie:20",
      got: text,
    });
  return { engine: engineNamed(engine).name, epochs: Number(epochs) };
}
