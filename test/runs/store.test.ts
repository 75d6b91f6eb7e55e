import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { nodeStore } from "../../src/node/store.ts";
import { memoryStore } from "../../src/runs/memoryStore.ts";
import { baseName, extensionOf, folderOf, joinPath, pathBelow } from "../../src/runs/paths.ts";
import type { RunStore } from "../../src/runs/store.ts";
import { storeCases } from "./storeCases.ts";

const disk = mkdtempSync(join(tmpdir(), "ptychonaut-store-"));
afterAll(() => rmSync(disk, { recursive: true }));

const stores: readonly [name: string, store: RunStore, root: string][] = [
  ["the disk", nodeStore, disk],
  ["memory", memoryStore(), "/runs"],
];

describe.each(stores)("a store: %s", (_, store, root) => {
  it.each(storeCases)("$name", ({ run }) => run(store, root, expect));
});

it("paths are joined and taken apart at their separators", () => {
  expect(joinPath("a/", "b", "c")).toBe("a/b/c");
  expect([joinPath("/", "a"), joinPath("", "a"), joinPath(".", "a")]).toEqual(["/a", "a", "./a"]);
  expect(["a/b.npz", "a/b/", "b", "C:\\a\\b"].map(baseName)).toEqual(["b.npz", "b", "b", "b"]);
  expect(["a/b", "/a", "a", "a//b/", "C:\\a\\b"].map(folderOf)).toEqual(["a", "/", ".", "a", "C:\\a"]);
  expect(["a.b/c", "c.npz", ".npz", "a.tar.gz"].map(extensionOf)).toEqual(["", ".npz", "", ".gz"]);
  expect(pathBelow("a/b/", "a/b/c/d")).toBe("c/d");
});
