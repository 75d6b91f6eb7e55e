import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { nodeStore } from "../../src/node/store.ts";
import { fileName, resolveEntries } from "../../src/runs/compare/entries.ts";

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-labels-"));
afterAll(() => rmSync(folder, { recursive: true }));
const scan = join(folder, "a.npz");
writeFileSync(scan, "");

describe("a label", () => {
  it.each(["..", ".", "...", "../x", "..\\x", "/etc", "a/../../b", ".hidden", "a\u0000b", "\u001b[2J", "C:\\x", "ü β"])(
    "%j stays in its folder",
    (label) => {
      const inside = relative(folder, resolve(folder, fileName(label)));
      expect(inside).toMatch(/^[^./\\][^/\\]*$/);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
      expect(inside).not.toMatch(/[\u0000-\u001f]/);
    },
  );

  it.each([
    [["..=", "_="], /label "_" is taken by the entry "\.\."/],
    [["a=", "a_known="], /label "a_known" is taken/],
    [["a_known=", "a="], /label "a" is taken/],
    [["common="], /taken by what the files hold/],
  ])("%j are not unique", async (labels, message) => {
    const typed = labels.map((label) => `${label}${scan}`);
    await expect(resolveEntries(typed, nodeStore)).rejects.toThrow(message);
  });
});
