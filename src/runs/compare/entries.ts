import { PtychonautError } from "../../errors.ts";
import { isZip, openZip } from "../../formats/zip.ts";
import { printableLine } from "../../printable.ts";
import type { Home } from "../machine.ts";
import { readObjectFile, splitAddress } from "../objectFile.ts";
import { outputs } from "../outputs.ts";
import { baseName, extensionOf, folderOf, joinPath } from "../paths.ts";
import { isThere, type RunStore } from "../store.ts";

/** Something to compare: the address of an object in a file, or a model that is to make one. */
export interface CompareEntry {
  /** One line. */
  readonly label: string;
  readonly kind: "object" | "model";
  /** `file.npz`, `file.npz::array`, a bundle or the folder of a training. */
  readonly address: string;
}

/**
 * Entries out of what was typed: `PATH` or `LABEL=PATH`, the path being a reconstruction, its folder, `file.npz::array`, a
 * bundle, or the folder of a training.
 * @throws PtychonautError "usage" for paths that do not exist, folders of neither, and labels that are not unique
 */
export async function resolveEntries(typed: readonly string[], store: RunStore): Promise<readonly CompareEntry[]> {
  const entries: CompareEntry[] = [];
  for (const text of typed) entries.push(await resolveEntry(text, store));
  const names = new Map<string, string>();
  for (const name of reserved) names.set(name, "what the files hold beside the entries");
  for (const { label } of entries) {
    const name = fileName(label);
    // Each has an array of its own in aligned.npz, and one of where it is known.
    for (const array of [name, `${name}_known`]) {
      const other = names.get(array);
      if (other !== undefined)
        throw new PtychonautError("usage", `the label "${label}" is taken by ${other}`, {
          fix: "say LABEL=PATH with a label of its own",
        });
      names.set(array, `the entry "${label}"`);
    }
  }
  return entries;
}

/**
 * The files of the objects among the entries, each of which is read, to see that it is there before models take their time.
 * @throws PtychonautError "data"
 */
export async function objectFiles(entries: readonly CompareEntry[], home: Home): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const { kind, address } of entries)
    if (kind === "object") paths.push((await readObjectFile(address, home)).path);
  return paths;
}

/** Names of other arrays in aligned.npz. */
const reserved: readonly string[] = ["reference", "reference_known", "common"];

/** A label as part of a file's or array's name: never a way out of a folder, nor a hidden file. */
export function fileName(label: string): string {
  return label.replace(/[^\p{L}\p{N}_.-]+/gu, "_").replace(/^\.+/, "_");
}

async function resolveEntry(text: string, store: RunStore): Promise<CompareEntry> {
  const equals = text.indexOf("=");
  // Checkpoints have "=" in their names; a label has no separator of folders.
  const labelled =
    equals > 0 && !/[/\\]/.test(text.slice(0, equals)) && !(await isThere(splitAddress(text).path, store));
  const address = labelled ? text.slice(equals + 1) : text;
  const { path } = splitAddress(address);
  const kind = await store.kindOf(path);
  if (kind === undefined) throw new PtychonautError("usage", "no such file or folder", { where: path });
  const place = kind === "folder" ? await inFolder(path, store) : { address, kind: await kindOfFile(path, store) };
  return { label: printableLine(labelled ? text.slice(0, equals) : labelOf(path)), ...place };
}

async function inFolder(path: string, store: RunStore): Promise<Pick<CompareEntry, "kind" | "address">> {
  const [reconstruction, model] = [joinPath(path, outputs.reconstruction), joinPath(path, outputs.model)];
  const [hasReconstruction, hasModel] = [await isThere(reconstruction, store), await isThere(model, store)];
  if (hasReconstruction && !hasModel) return { kind: "object", address: reconstruction };
  if (hasModel && !hasReconstruction) return { kind: "model", address: model };
  throw new PtychonautError("usage", hasModel ? "the folder has a model and a reconstruction" : "nothing to compare", {
    where: path,
    ...(hasModel ? {} : { expected: `a folder with ${outputs.reconstruction} or ${outputs.model}` }),
    fix: hasModel ? `name ${outputs.reconstruction} or ${outputs.model} in it` : "name a file",
  });
}

/** npz files and bundles are both archives; a bundle has a manifest. Other files are none. */
async function kindOfFile(path: string, store: RunStore): Promise<CompareEntry["kind"]> {
  if (extensionOf(path) === ".npz") return "object";
  const file = await store.open(path);
  try {
    if (extensionOf(path) !== ".zip" && !isZip(file.read(0, Math.min(4, file.size)))) return "object";
    const { members } = openZip(file, path);
    return members.some(({ name }) => name === "manifest.json") ? "model" : "object";
  } finally {
    file.close();
  }
}

/** The file's name, or its folder's where every such file has the same. */
function labelOf(path: string): string {
  const name = baseName(path);
  const generic = name === outputs.reconstruction || name === outputs.model;
  const folder = baseName(folderOf(path));
  return generic && folder !== "" && folder !== "." ? folder : name.slice(0, name.length - extensionOf(name).length);
}
