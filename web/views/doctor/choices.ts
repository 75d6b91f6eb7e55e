import { type ScanOptions, settingOf } from "../../../src/scans/scanOptions.ts";

/** What can be said by one press: options whose values are words, or a number that a finding names. */
const options: readonly (keyof ScanOptions)[] = [
  ...(["measurement", "dcAt", "probeAt", "frameAxis", "maskValid", "probeModel", "padTo", "cropTo"] as const),
  ...(["beamCenter", "findBadPixels", "background", "threshold", "detectorOrientation", "countsPerPhoton"] as const),
  ...(["positionOrder", "positionReference", "positionOrigin", "positionUnit", "positionsAre"] as const),
  ...(["patternsKey", "probeKey", "skipFrames"] as const),
];
const bySetting: ReadonlyMap<string, keyof ScanOptions> = new Map(options.map((name) => [settingOf(name), name]));

/** Options that hold numbers. */
const numbers: ReadonlySet<keyof ScanOptions> = new Set<keyof ScanOptions>([
  ...(["maskValid", "padTo", "cropTo", "background", "threshold", "countsPerPhoton"] as const),
]);

const stated = (name: keyof ScanOptions, value: string): string | number | boolean =>
  numbers.has(name) ? Number(value) : value === "true" || (value !== "false" && value);

/** What has to be done to the file before anything can be said of it. */
const FILE_FIRST = /^(save|correct)\b/;

/** Statements that a text of the library offers: of `position_order=xy|yx` between backticks, both. */
export function choicesIn(text: string): readonly ScanOptions[] {
  if (FILE_FIRST.test(text)) return [];
  return [...text.matchAll(/`([a-z_]+)=([^`…]+)`/g)].flatMap(([, setting, values]) => {
    const name = bySetting.get(setting);
    if (name === undefined) return [];
    return values.split("|").map((value) => ({ [name]: stated(name, value) }));
  });
}
