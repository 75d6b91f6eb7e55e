import { engineNamed, engineNames } from "../../../src/engines/registry.ts";
import type { Answers } from "./answer.ts";

export const engines: Answers<"engines"> = async () =>
  engineNames.map((name) => ({ name, about: engineNamed(name).about }));
