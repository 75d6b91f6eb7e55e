import { readFileSync } from "node:fs";

/** A command's flags without their dashes; true is a flag without a value. */
export type Flags = Readonly<Record<string, string | number | boolean>>;

/** What `npm run demo` says to each command. */
export const demo = JSON.parse(readFileSync(new URL("../scripts/demo.json", import.meta.url), "utf8")) as {
  readonly simulate: Flags;
  readonly train: Flags;
  readonly infer: Flags;
};

/** The CNN on the same scan: the smallest, as long as it gets better. */
export const cnnTraining = {
  ...{ gridsize: 1, n_filters_scale: 1, batch_size: 8, learning_rate: 5e-4, scheduler: "WarmupCosine" },
  max_epochs: 24,
} as const satisfies Flags;
