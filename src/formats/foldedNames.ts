import { naturalOrder } from "./naturalOrder.ts";

/** Names that differ in nothing but their numbers, told as one. */
export interface FoldedNames {
  /** `content/obj/S0…S41/data`; of a single one the name. */
  readonly label: string;
  /** In the order they were given. */
  readonly names: readonly string[];
}

/** So few are told one by one. */
const FEW = 3;

/**
 * Long lists of names, for people: in the order of the first of each. Of numbers that differ the part of the path that has them
 * stands with its first and its last.
 * @param apart what else names must have in common to be told as one. Default: nothing
 */
export function foldedNames(names: readonly string[], apart: (name: string) => string = () => ""): FoldedNames[] {
  const alike = new Map<string, string[]>();
  for (const name of names) {
    const key = `${name.replace(/\d+/g, "#")}\n${apart(name)}`;
    const members = alike.get(key);
    if (members === undefined) alike.set(key, [name]);
    else members.push(name);
  }
  return [...alike.values()].flatMap((members) =>
    members.length > FEW
      ? [{ label: labelOf(members), names: members }]
      : members.map((name) => ({ label: name, names: [name] })),
  );
}

/** Names for a sentence, as `a, b0…b41 × 42 and 3 more`. @param most that are told */
export function namesText(names: readonly string[], most = 40): string {
  const folded = foldedNames(names);
  const shown = folded
    .slice(0, most)
    .map(({ label, names: { length } }) => (length > 1 ? `${label} × ${length}` : label));
  const left = folded.slice(most).reduce((sum, { names: { length } }) => sum + length, 0);
  return `${shown.join(", ")}${left > 0 ? ` and ${left} more` : ""}`;
}

function labelOf(names: readonly string[]): string {
  const split = names.map((name) => name.split("/"));
  return split[0]
    .map((_, part) => {
      const ordered = naturalOrder(split.map((parts) => parts[part]));
      const [first, last] = [ordered[0], ordered[ordered.length - 1]];
      return first === last ? first : `${first}…${last}`;
    })
    .join("/");
}
