import { unknownName } from "../errors.ts";
import { ad } from "./ad.ts";
import { ap } from "./ap.ts";
import { dm } from "./dm.ts";
import type { Engine } from "./engine.ts";
import { epie } from "./epie.ts";
import { lsqml } from "./lsqml.ts";
import { ml } from "./ml.ts";
import { raar } from "./raar.ts";
import { rpie } from "./rpie.ts";

/** Every engine by its name. A new one is a file and a line here: values, flags, help and checks follow from it. */
const engines: readonly Engine[] = [epie, rpie, dm, raar, ap, lsqml, ml, ad];

export const engineNames: readonly string[] = engines.map(({ name }) => name);

/** @throws PtychonautError "usage" for a name that is not registered */
export function engineNamed(name: string): Engine {
  const found = engines.find((engine) => engine.name === name);
  if (found === undefined) throw unknownName("engine", name, engineNames);
  return found;
}
