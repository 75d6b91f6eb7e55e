import { copyFile, mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { PtychonautError } from "../../errors.ts";
import { scanShape } from "../../runs/inputs/scans.ts";
import type { Home } from "../../runs/machine.ts";
import { type SampleEntry, sampleNote } from "../../runs/sampleEntry.ts";
import { readJson } from "../../runs/store.ts";
import { writeFailure } from "../files/failures.ts";
import { builtPage, pageNames } from "./pageFiles.ts";

/** Where the scans of a page are, and what is said of them. */
const [SAMPLES, LIST] = ["samples", "samples/list.json"] as const;

export interface PageExport {
  /** The page as it was built. */
  readonly pageFolder: string;
  /** A folder that is not there, or empty. */
  readonly to: string;
  /** A folder of scans, each with its `SampleNote` beside it as NAME.json. */
  readonly samples?: string;
}

/**
 * Writes the page as plain files, which any host can serve, with everything that it borrows, and samples that it shows.
 * @returns what was written
 * @throws PtychonautError as `builtPage`; "usage" where the folder is not empty; "data" for a sample that is not described or
 *   cannot be read as a scan; "output"
 */
export async function exportPage(
  { pageFolder, to, samples }: PageExport,
  home: Home,
): Promise<{ readonly files: number; readonly samples: number }> {
  const page = await builtPage(pageFolder);
  const found = samples === undefined ? [] : await samplesIn(samples, home);
  await claimEmpty(to);
  const names = await pageNames(pageFolder, page);
  const put = async (from: string, name: string): Promise<void> => {
    const target = join(to, name);
    try {
      await mkdir(dirname(target), { recursive: true });
      await copyFile(from, target);
    } catch (cause) {
      throw writeFailure(cause, target);
    }
  };
  for (const name of names) await put(page.borrowed.get(name) ?? join(pageFolder, name), name);
  if (samples === undefined || found.length === 0) return { files: names.length, samples: 0 };
  for (const { file } of found) await put(join(samples, file), `${SAMPLES}/${file}`);
  const list: readonly SampleEntry[] = found.map(({ entry }) => entry);
  await writeFile(join(to, LIST), `${JSON.stringify(list, null, 2)}\n`);
  // Who asks for a list that is not there has an error in the console of the browser.
  const html = page.html.replace("<head>", `<head><meta name="ptychonaut-samples" content="${LIST}">`);
  await writeFile(join(to, "index.html"), html);
  return { files: names.length, samples: found.length };
}

interface FoundSample {
  readonly file: string;
  readonly entry: SampleEntry;
}

async function samplesIn(folder: string, home: Home): Promise<readonly FoundSample[]> {
  const names = await home.store.list(folder);
  const notes = names.filter((name) => name.endsWith(".json")).sort();
  const found: FoundSample[] = [];
  for (const note of notes) {
    const stem = note.slice(0, -".json".length);
    const [file, ...others] = names.filter((name) => name !== note && name.replace(/\.[^.]*$/, "") === stem);
    if (file === undefined || others.length > 0)
      throw new PtychonautError("data", "a description of a sample is of one file", {
        where: join(folder, note),
        got: [file, ...others].filter((name) => name !== undefined).join(", ") || `no ${stem} beside it`,
      });
    const said = sampleNote(await readJson(join(folder, note), home.store), join(folder, note));
    // One that would be refused is not published.
    await scanShape(join(folder, file), {}, home);
    const { size } = await stat(join(folder, file));
    found.push({ file, entry: { ...said, address: `${SAMPLES}/${encodeURIComponent(file)}`, bytes: size } });
  }
  const described = new Set(found.flatMap(({ file }, i) => [file, notes[i]]));
  const alone = names.filter((name) => !described.has(name) && !name.startsWith("."));
  if (alone.length === 0 && found.length > 0) return found;
  throw new PtychonautError("data", alone.length > 0 ? "a sample is not described" : "there are no samples", {
    where: alone.length > 0 ? join(folder, alone[0]) : folder,
    expected: "scans, each with NAME.json beside it that has title, source and licence",
  });
}

async function claimEmpty(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    const [first] = await readdir(folder);
    if (first === undefined) return;
    throw new PtychonautError("usage", "the folder is not empty", {
      ...{ where: folder, got: first, fix: "name another, or delete what is in it" },
    });
  } catch (cause) {
    throw writeFailure(cause, folder, "usage");
  }
}
