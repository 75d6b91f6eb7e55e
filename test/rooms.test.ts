import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

/**
 * What the reference system does is for those alone who set it beside something: the metrics that are reported next to ours,
 * benchmarks against its publications, and the import of its weights.
 */
const COMPARING = [
  /^metrics\/evaluate\.ts$/,
  /^benchmark\//,
  /^runs\/(benchmark|compare)\//,
  /^runs\/importWeights\.ts$/,
];

/** The doors, which show what is in every room. */
const DOORS = ["index.ts"];

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../src");

/**
 * Rooms, each a folder of `src/`, as the table of ARCHITECTURE.md has them: in the order in which they build on one another,
 * with those that each imports. All import the files beside them (`errors.ts`, `arrays.ts` …), which import no room.
 */
const [, chapter] = readFileSync(resolve(root, "../ARCHITECTURE.md"), "utf8").split(/^## Rooms$|^## Engines$/m);
const table = [...chapter.matchAll(/^\| `(\w+)\/` \|.*\| (.+) \|$/gm)];
const ORDER = table.map(([, room]) => room);
const files = readdirSync(root, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts"))
  .map((path) => path.replaceAll("\\", "/"))
  .sort();

/** The project's own files that a file imports, types included. */
const imports: ReadonlyMap<string, readonly string[]> = new Map(
  files.map((file) => {
    const text = readFileSync(join(root, file), "utf8");
    const paths = [...text.matchAll(/(?:\bfrom|\bimport|\bimport\()\s*"(\.[^"]+)"/g)].map(([, path]) => path);
    const own = paths.map((path) => relative(root, resolve(root, dirname(file), path)).replaceAll("\\", "/"));
    return [file, own.filter((path) => path.endsWith(".ts"))];
  }),
);

/** The lines of a file that match, as FILE:LINE. */
const linesWith = (file: string, pattern: RegExp): string[] =>
  readFileSync(join(root, file), "utf8")
    .split("\n")
    .flatMap((line, i) => (pattern.test(line) ? [`${file}:${i + 1}`] : []));

/** The folder of `src/` that a file is in; "" for the files beside the rooms. */
const roomOf = (file: string): string => (file.includes("/") ? file.slice(0, file.indexOf("/")) : "");

/** The other rooms that a room imports, by name. */
const importedBy = (room: string): readonly string[] =>
  [...new Set(files.filter((file) => roomOf(file) === room).flatMap((file) => imports.get(file)?.map(roomOf) ?? []))]
    .filter((other) => other !== room && other !== "")
    .sort();

describe("files", () => {
  it("import files that are there", () => {
    const missing = [...imports].flatMap(([file, paths]) =>
      paths.filter((path) => !imports.has(path)).map((path) => `${file} → ${path}`),
    );
    expect(missing).toEqual([]);
    expect(imports.get("physics/predict.ts")).toContain("graph/complex.ts");
  });
});

describe("dialect", () => {
  it("an element is taken as it is: `noUncheckedIndexedAccess` is off, so `]!` would say nothing", () => {
    expect(files.flatMap((file) => linesWith(file, /\]!(?!=)/))).toEqual([]);
  });
});

describe("rooms", () => {
  it("are those of the table", () => {
    expect([...ORDER].sort()).toEqual([...new Set(files.map(roomOf))].filter((room) => room !== "").sort());
  });

  it.each(table.map(([, room, imported]) => [room, imported]))("%s imports %s", (room, imported) => {
    const [, but] = /^any above(?: but (\w+))?$/.exec(imported) ?? [imported];
    const found = importedBy(room);
    if (/^any above/.test(imported)) expect(found).not.toContain(but);
    else expect(found).toEqual(imported === "–" ? [] : imported.split(", "));
  });

  it("import only what stands before them", () => {
    const upwards = [...imports].flatMap(([file, paths]) => {
      if (DOORS.includes(file)) return [];
      const own = ORDER.indexOf(roomOf(file));
      return paths
        .filter((path) => ORDER.indexOf(roomOf(path)) > own && !isComparison(file, path))
        .map((path) => `${file} → ${path}`);
    });
    expect(upwards).toEqual([]);
  });

  it("know the command line only inside it", () => {
    const outside = [...imports].flatMap(([file, paths]) =>
      file.startsWith("node/cli/")
        ? []
        : paths.filter((path) => path.startsWith("node/cli/")).map((path) => `${file} → ${path}`),
    );
    expect(outside).toEqual([]);
  });

  it("compare with the reference system only where that is what they are for", () => {
    const elsewhere = [...imports].flatMap(([file, paths]) =>
      roomOf(file) === "reference"
        ? []
        : paths
            .filter((path) => roomOf(path) === "reference" && !isComparison(file, path))
            .map((path) => `${file} → ${path}`),
    );
    expect(elsewhere).toEqual([]);
  });
});

const isComparison = (file: string, path: string): boolean =>
  roomOf(path) === "reference" && COMPARING.some((pattern) => pattern.test(file));
