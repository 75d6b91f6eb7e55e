import { commandLine as lineOf } from "../../../src/config/commandLine.ts";
import type { Settings } from "../../../src/config/group.ts";
import { wellCovered } from "../../../src/inference/coverage.ts";
import { objectPngs } from "../../../src/pictures/objectPng.ts";
import { reconstructionWriterNamed } from "../../../src/reconstructions/registry.ts";
import { runConversion } from "../../../src/runs/convert.ts";
import { readObjectFile } from "../../../src/runs/objectFile.ts";
import { outputs, subfolders } from "../../../src/runs/outputs.ts";
import { baseName, folderOf, joinPath, pathBelow } from "../../../src/runs/paths.ts";
import { readSavedRun } from "../../../src/runs/savedRun.ts";
import { isThere, type RunStore } from "../../../src/runs/store.ts";
import { RUNS, type RunRequest, runFolder } from "../runEntries.ts";
import type { Answers } from "./answer.ts";
import { hooksTold } from "./hooks.ts";
import { asSettings } from "./run.ts";

export const commandLine: Answers<"commandLine"> = async ({ id, kind, scan, model, settings }, { home: { store } }) => {
  const folder = folderOf(scan.path);
  const said = { ...asSettings(scan.stated), ...settings, ...(await seedsOf({ id, kind }, store)) };
  return lineOf({
    command: kind,
    inputs: inputsOf(kind, pathBelow(folder, scan.path), model === undefined ? "" : baseName(model)),
    outputDir: id,
    // Files that were dropped together lie beside one another anywhere.
    // … and runs where the line is entered, under the names that their lines give them.
    settings: mapped(said, (value) => (typeof value === "string" ? pathBelow(RUNS, pathBelow(folder, value)) : value)),
  });
};

const inputsOf = (kind: RunRequest["kind"], scan: string, model: string): Readonly<Record<string, string>> =>
  ({ reconstruct: { "": scan }, train: { trainDataFile: scan }, infer: { modelPath: model, testDataFile: scan } })[
    kind
  ];

const mapped = (settings: Settings, change: (value: unknown) => unknown): Settings =>
  Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, change(value)]));

/** Those that a run drew, once it has said them. */
async function seedsOf({ id, kind }: Pick<RunRequest, "id" | "kind">, store: RunStore): Promise<Settings> {
  const record = joinPath(runFolder(id), outputs.run);
  // Those of a network are in its file.
  if (kind === "infer" || !(await isThere(record, store))) return {};
  const { seeds } = await readSavedRun(record, store);
  return { seed: seeds.run, ...(kind === "train" ? { subsampleSeed: seeds.grouping } : {}) };
}

export const exportObject: Answers<"exportObject"> = async ({ path, to }, { home }, asked) => {
  const stem = stemOf(path);
  if (to === "png") {
    const { object, coverage } = await readObjectFile(path, home);
    const pictures = objectPngs(object, coverage && wellCovered(coverage));
    return (["amplitude", "phase"] as const).map((what) => ({
      name: `${stem}_${what}.png`,
      content: new Blob([Uint8Array.from(pictures[what])], { type: "image/png" }),
    }));
  }
  const { store } = home;
  const folder = "/exports";
  await store.claim(folder);
  const output = joinPath(folder, `${stem}${reconstructionWriterNamed(to).endings[0]}`);
  const { files } = await runConversion(
    { input: path, output, to, reading: {}, stated: [], overwrite: true },
    hooksTold(asked),
    home,
  );
  const saved = [];
  for (const file of files) {
    saved.push({ name: baseName(file), content: new Blob([await store.read(file)]) });
    await store.remove(file);
  }
  return saved;
};

/** The name of a run of the browser, whose files are all called the same. */
function stemOf(path: string): string {
  const name = baseName(path);
  if (name !== outputs.reconstruction || !path.startsWith(joinPath(RUNS, ""))) return name.replace(/\.[^.]*$/, "");
  const folder = folderOf(path);
  const refined = baseName(folder) === subfolders.refined;
  return refined ? `${baseName(folderOf(folder))} ${subfolders.refined}` : baseName(folder);
}
