import type { Subject } from "./subject.ts";

/** `[y, x]`, 1 where the mask and what is known of the pixels leave a pixel to be trusted. */
export function trustedPixels({ mask, facts: { patterns } }: Subject): Uint8Array {
  const { height = 0, width = 0, defects } = patterns ?? {};
  const trusted = Uint8Array.from({ length: height * width }, (_, i) => (mask?.[i] === 0 ? 0 : 1));
  if (defects === undefined) return trusted;
  for (const { at } of [...defects.dead, ...defects.hot]) trusted[at[0] * width + at[1]] = 0;
  for (const { pixels } of defects.gaps) for (const at of pixels) trusted[at] = 0;
  return trusted;
}
