import { outputs } from "./outputs.ts";

/** Where a run's folder has the probe that it refined, of one scan: the file, and the array in it. */
export const refinedProbe: { readonly file: string; readonly key: string } = {
  file: `${outputs.probe(0, 1)}.npz`,
  key: "probeGuess",
};
