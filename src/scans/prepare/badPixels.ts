import type { RealArray } from "../../arrays.ts";
import { pixelDefects, regionText } from "../../data/pixelDefects.ts";
import type { PixelStatistics } from "../../data/pixelStatistics.ts";
import { counted } from "../../printable.ts";

/** Regions that are named one by one. */
const NAMED = 6;

/** A mask, with what the patterns show to be no measurement taken out too. @param conversions is told what was found */
export function badPixelsMasked(
  statistics: PixelStatistics,
  mask: RealArray | undefined,
  conversions: string[],
): RealArray | undefined {
  const { height, width } = statistics;
  const { dead, hot, gaps } = pixelDefects(statistics, mask?.data);
  const data = mask === undefined ? new Float32Array(height * width).fill(1) : mask.data.slice();
  for (const { at } of [...dead, ...hot]) data[at[0] * width + at[1]] = 0;
  for (const { pixels } of gaps) for (const at of pixels) data[at] = 0;
  const named = gaps.slice(0, NAMED).map(regionText);
  const found = [
    ...(dead.length === 0 ? [] : [counted(dead.length, "dead pixel")]),
    ...(hot.length === 0 ? [] : [counted(hot.length, "hot pixel")]),
    ...(gaps.length > NAMED ? [...named, `${gaps.length - NAMED} more regions`] : named),
  ];
  conversions.push(
    found.length === 0
      ? "no bad pixels found in the patterns"
      : `bad pixels found in the patterns and masked: ${found.join(", ")}`,
  );
  return found.length === 0 ? mask : { shape: [height, width], data };
}
