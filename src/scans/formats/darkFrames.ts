import { setting } from "../../errors.ts";
import { arrayPart } from "../arrayParts.ts";
import type { ScanParts } from "../parts.ts";
import type { Reading } from "./quantities.ts";

/** Dark frames, `[y, x]` or several, of which the mean is taken off the patterns; said, with what leaves them alone. */
export function darkFrames(
  { file, warnings }: Reading,
  key: string | undefined,
  patterns: string | undefined,
): Pick<ScanParts, "background"> {
  if (key === undefined || patterns === undefined) return {};
  const { shape, dtype } = file.header(key);
  const fits = shape.slice(-2).join() === file.header(patterns).shape.slice(-2).join();
  if (!fits || shape.length > 3 || !/^(u?int|float)/.test(dtype)) {
    warnings.push(`dark frames in ${key}, (${shape.join(", ")}), do not fit the patterns and are not taken off`);
    return {};
  }
  warnings.push(
    `dark frames in ${key} are taken off the patterns; ${setting("background", "0")} leaves them as they are`,
  );
  return { background: arrayPart(file, key) };
}
