import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const pages = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"], {
  cwd: root,
  encoding: "utf8",
})
  .split("\n")
  .filter((page) => page !== "" && existsSync(join(root, page)));

/** Without code, and without marks that stand over other letters. */
const textOf = (page: string): string =>
  readFileSync(join(root, page), "utf8")
    .replace(/```[\s\S]*?```/g, "")
    .replace(/\p{M}/gu, "");

/** As forges make them from headings. */
function anchorsOf(page: string): string[] {
  return [...textOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\- _]/gu, "")
      .replaceAll(" ", "-"),
  );
}

describe("documentation", () => {
  it.each(pages)("%s: links lead somewhere", (page) => {
    const broken: string[] = [];
    for (const [, target] of textOf(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [path, anchor] = target.split("#") as [string, string?];
      const file = path === "" ? page : join(dirname(page), path);
      if (!existsSync(resolve(root, file))) broken.push(target);
      else if (anchor !== undefined && statSync(resolve(root, file)).isFile() && !anchorsOf(file).includes(anchor))
        broken.push(target);
    }
    expect(broken).toEqual([]);
  });

  it.each(pages)("%s: lines end at a hundred columns, but for tables and what cannot be broken", (page) => {
    const long = textOf(page)
      .split("\n")
      .filter((line) => line.length > 100 && !line.startsWith("|") && line.trim().includes(" "))
      // A link's address has no place to break at.
      .filter((line) => line.replace(/\]\([^)]*\)/g, "]").length > 100);
    expect(long).toEqual([]);
  });
});
