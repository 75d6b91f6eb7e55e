import { sideAdvice, sideRule } from "../../data/patternSide.ts";
import { PtychonautError, setting } from "../../errors.ts";
import type { ScanHeader } from "../fileProbe.ts";
import { snakeCase } from "../names.ts";

/** The side of the patterns; refuses other shapes and a side that contradicts what was asked for. */
export function patternSide(
  header: ScanHeader,
  wanted: number | null,
  file: string,
  kind: "usage" | "bundle" = "usage",
): number {
  const { height, width } = header;
  const advice = sideAdvice(height, width);
  if (advice !== undefined) {
    const { crop, pad } = advice;
    const what = height === width ? "no network takes patterns of this size" : "patterns are not square";
    const padding = `fill them up: ${setting("pad_to", pad)}`;
    throw new PtychonautError("data", what, {
      where: file,
      expected: sideRule,
      got: `${height} x ${width}`,
      fix: crop === undefined ? padding : `cut them: ${setting("crop_to", crop)}, or ${padding}`,
    });
  }
  if (wanted !== null && wanted !== width) {
    const what = kind === "bundle" ? "the bundle does not fit the data" : "N does not fit the data";
    throw new PtychonautError(kind, what, {
      where: file,
      expected: `patterns of ${wanted} x ${wanted}`,
      got: `${height} x ${width}`,
      fix:
        wanted < width
          ? `if that was done to the training's patterns, cut these: ${setting("crop_to", wanted)}`
          : `if that was done to the training's patterns, fill these up: ${setting("pad_to", wanted)}`,
    });
  }
  return width;
}

/** Refuses a setting that asks for more patterns than a scan has; null asks for none. */
export function checkCount(name: string, value: number | null, header: ScanHeader): void {
  if (value === null || value <= header.frames) return;
  throw new PtychonautError("usage", `${snakeCase(name)} asks for more patterns than there are`, {
    expected: `at most ${header.frames}`,
    got: String(value),
  });
}

/** Frames are named by their numbers in one scan. */
export function skippedOfSeveral(skipFrames: string): PtychonautError {
  return new PtychonautError("usage", "skip_frames goes with a single scan", {
    got: skipFrames,
    fix: `say ${setting("skip_outlying_frames", true)}, which looks at each scan for itself`,
  });
}
