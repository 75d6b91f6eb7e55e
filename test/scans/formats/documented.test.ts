import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { scanFormats } from "../../../src/scans/registry.ts";

const page = readFileSync(new URL("../../../docs/formats.md", import.meta.url), "utf8");

it.each(scanFormats.map(({ name }) => name))("the page on formats has a row for %s", (name) => {
  expect(page).toContain(`| \`${name}\` |`);
});

it("no two formats have one name", () => {
  expect(new Set(scanFormats.map(({ name }) => name)).size).toBe(scanFormats.length);
});
