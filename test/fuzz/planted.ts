import type { Target } from "./targets.ts";

const seeds = (): Uint8Array[] => [new Uint8Array(32)];

/** The sound file is read. */
const unlessSound =
  (fail: () => void) =>
  (bytes: Uint8Array): void => {
    if (bytes.length !== 32 || bytes.some((byte) => byte !== 0)) fail();
  };

let kept: Uint8Array[] = [];

/** Readers with the faults that are looked for, to see that they are found. */
export const planted: Readonly<Record<string, Target>> = {
  "planted crash": {
    seeds,
    read: unlessSound(() => {
      throw new TypeError("x is undefined");
    }),
  },
  "planted hang": {
    seeds,
    read: unlessSound(() => {
      for (;;);
    }),
  },
  "planted memory": {
    seeds,
    read: unlessSound(() => {
      kept = [new Uint8Array(2 ** 28).fill(kept.length + 1)];
    }),
  },
  "planted end": { seeds, read: unlessSound(() => process.abort()) },
};
