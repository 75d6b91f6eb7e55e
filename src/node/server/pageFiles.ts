import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, sep } from "node:path";
import { PtychonautError } from "../../errors.ts";
import { reasonOf } from "../files/failures.ts";

/** The page as it was built, with what it borrows from other packages. */
export interface PageFiles {
  readonly html: string;
  /** What it wants to be served with. */
  readonly headers: Readonly<Record<string, string>>;
  /** Files that are elsewhere on the disk, by their names in the page. */
  readonly borrowed: ReadonlyMap<string, string>;
}

/** A file of a package that the page has under a name of its own, as `web/build/runtimeApart.ts` writes it. */
interface Borrowed {
  readonly package: string;
  /** In the package. */
  readonly path: string;
}

/** @throws PtychonautError "usage" where the page is not built, "device" where a package is not installed */
export async function builtPage(folder: string): Promise<PageFiles> {
  const read = (name: string): Promise<string> => readFile(join(folder, name), "utf8");
  let [html, headers, listed]: [string, PageFiles["headers"], Readonly<Record<string, Borrowed>>] = ["", {}, {}];
  try {
    html = await read("index.html");
    headers = JSON.parse(await read("headers.json"));
    listed = JSON.parse(await read("borrowed.json"));
  } catch (cause) {
    throw new PtychonautError("usage", "the page is not built", {
      ...{ where: folder, got: reasonOf(cause), fix: "npm run build:page, in a clone", cause },
    });
  }
  return { html, headers, borrowed: new Map(Object.entries(listed).map(([name, file]) => [name, fileOf(file)])) };
}

/** @throws PtychonautError "device" where the package is not installed */
function fileOf({ package: name, path }: Borrowed): string {
  // A package need not say where its own description is.
  const folders = createRequire(import.meta.url).resolve.paths(name) ?? [];
  const found = folders.map((folder) => join(folder, name, path)).find(existsSync);
  if (found !== undefined) return found;
  throw new PtychonautError("device", "a part of the page is not installed", {
    where: `${name}/${path}`,
    fix: "install it: npm install, in the folder of your project",
  });
}

/** Names of all files of the page, with slashes. */
export async function pageNames(folder: string, { borrowed }: PageFiles): Promise<readonly string[]> {
  const own = await readdir(folder, { recursive: true, withFileTypes: true });
  const names = own
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) =>
      join(parentPath, name)
        .slice(folder.length + 1)
        .split(sep)
        .join("/"),
    );
  return [...new Set([...names, ...borrowed.keys()])].sort();
}
