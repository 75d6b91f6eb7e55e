/** Files that make up a scan together and know each other by their names alone. */

/** What the names of both end with, before the container's ending: patterns, and all else. */
const pairs = [
  ["_dp", "_para"],
  ["_patterns", "_product"],
] as const;

const endings: Readonly<Record<string, readonly string[]>> = {
  ".hdf5": [".hdf5", ".h5"],
  ".h5": [".h5", ".hdf5"],
  ".npz": [".npz"],
};

/** Names that the other file of a pair may have, the likeliest first; none where a name is not of a pair. */
export function companionsOf(path: string): readonly string[] {
  const ending = Object.keys(endings).find((each) => path.toLowerCase().endsWith(each));
  if (ending === undefined) return [];
  const stem = path.slice(0, path.length - ending.length);
  for (const pair of pairs)
    for (const [own, other] of [pair, [...pair].reverse()]) {
      if (!stem.toLowerCase().endsWith(own)) continue;
      return endings[ending].map((each) => stem.slice(0, stem.length - own.length) + other + each);
    }
  return [];
}

/** Of names in one folder, those of scans: a pair is one, by its patterns. */
export function withoutCompanions(names: readonly string[]): readonly string[] {
  const all = new Set(names);
  const hasPatterns = (name: string): boolean =>
    pairs.some(([, other]) =>
      name
        .toLowerCase()
        .replace(/\.[^.]*$/, "")
        .endsWith(other),
    ) && companionsOf(name).some((patterns) => all.has(patterns));
  return names.filter((name) => !hasPatterns(name));
}
