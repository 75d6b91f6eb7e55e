import type { Random } from "../../src/random.ts";

const values = (random: Random): unknown => {
  const all: readonly unknown[] = [
    ...[null, true, 0, -1, 0.5, 1e308, -1e308, 2 ** 53, 1e21, "", "x", "../../x", "\u001b[2J", "__proto__", "NaN"],
    ...[[], {}, [[]], [null], { toString: 1 }, JSON.parse('{"__proto__": {"polluted": 1}}'), "x".repeat(10_000)],
    nested(random.integer(2) === 0 ? 50 : 1000),
  ];
  return all[random.integer(all.length)];
};

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}

/** One to three values in the tree changed, gone, doubled, or under another name. */
export function mutatedJson(bytes: Uint8Array, random: Random): Uint8Array {
  let root: unknown;
  try {
    root = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return bytes.slice();
  }
  for (let n = 1 + random.integer(3); n > 0; n--) root = changed(root, random);
  return new TextEncoder().encode(JSON.stringify(root));
}

function changed(value: unknown, random: Random): unknown {
  const isTree = typeof value === "object" && value !== null;
  if (!isTree || random.integer(12) === 0) return values(random);
  if (Array.isArray(value)) {
    const items = [...value];
    const at = random.integer(items.length + 1);
    if (at === items.length) items.push(values(random));
    else if (random.integer(5) === 0) items.splice(at, 1);
    else items[at] = changed(items[at], random);
    return items;
  }
  const entries = Object.entries(value);
  if (entries.length === 0) return { x: values(random) };
  const at = random.integer(entries.length);
  const way = random.integer(10);
  if (way === 0) entries.splice(at, 1);
  else if (way === 1) entries[at] = [["x", "constructor", "", "a.b"][random.integer(4)], entries[at][1]];
  else entries[at] = [entries[at][0], changed(entries[at][1], random)];
  return Object.fromEntries(entries);
}
