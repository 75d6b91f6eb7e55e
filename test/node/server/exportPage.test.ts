import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { nodeHome } from "../../../src/node/home.ts";
import { exportPage } from "../../../src/node/server/exportPage.ts";
import { writeScanNpz } from "../../../src/scans/writeScanNpz.ts";
import { simulate } from "../../../src/simulation/simulate.ts";

const root = mkdtempSync(join(tmpdir(), "ptychonaut-export-"));
const pageFolder = join(root, "page");
mkdirSync(join(pageFolder, "assets"), { recursive: true });
writeFileSync(join(pageFolder, "index.html"), "<!doctype html><html><head></head></html>");
writeFileSync(join(pageFolder, "headers.json"), "{}");
writeFileSync(join(pageFolder, "assets/a.js"), "a");
const borrowed = { "apart/ort.js": { package: "onnxruntime-web", path: "dist/ort.wasm.bundle.min.mjs" } };
writeFileSync(join(pageFolder, "borrowed.json"), JSON.stringify(borrowed));
const note = { title: "A <b>leaf</b>", source: "Somebody 2020", licence: "CC0", about: "veins" };
afterAll(() => rmSync(root, { recursive: true }));

let [turn, to, samples] = [0, "", ""];
beforeEach(() => {
  [to, samples] = [join(root, `site ${++turn}`), join(root, `samples ${turn}`)];
  mkdirSync(samples);
  writeFileSync(join(samples, "leaf.npz"), writeScanNpz(simulate({ n: 16, patterns: 9, seed: 1 })));
  writeFileSync(join(samples, "leaf.json"), JSON.stringify(note));
});
const written = (given: { readonly samples?: string } = {}) => exportPage({ pageFolder, to, ...given }, nodeHome);
const text = (name: string): string => readFileSync(join(to, name), "utf8");

describe("the page as plain files", () => {
  it("has what it borrows from the packages that have it, and no word of samples where there are none", async () => {
    expect(await written()).toEqual({ files: 5, samples: 0 });
    expect(text("assets/a.js")).toBe("a");
    expect(text("apart/ort.js")).toBe(
      readFileSync("node_modules/onnxruntime-web/dist/ort.wasm.bundle.min.mjs", "utf8"),
    );
    expect(text("index.html")).not.toContain("ptychonaut-samples");
    expect(existsSync(join(to, "samples"))).toBe(false);
  });

  it("has samples with what is said of them", async () => {
    expect(await written({ samples })).toMatchObject({ samples: 1 });
    expect(text("index.html")).toContain('<meta name="ptychonaut-samples" content="samples/list.json">');
    const bytes = readFileSync(join(samples, "leaf.npz")).length;
    expect(JSON.parse(text("samples/list.json"))).toEqual([{ ...note, address: "samples/leaf.npz", bytes }]);
    expect(readFileSync(join(to, "samples/leaf.npz"))).toEqual(readFileSync(join(samples, "leaf.npz")));
  });

  it.each([
    [
      "leaf.json",
      JSON.stringify({ title: "A leaf", source: " " }),
      /leaf\.json.*title, source and licence.*no source, licence/,
    ],
    ["leaf.json", JSON.stringify({ ...note, license: "CC0" }), /also license/],
    ["leaf.npz", "no scan", /leaf\.npz/],
    ["other.npz", "alone", /a sample is not described.*other\.npz/],
    ["other.json", JSON.stringify(note), /of one file.*no other beside it/],
    ["leaf.cxi", "a second one", /of one file.*leaf/],
  ])("refuses samples that are not described, or no scans: %s %s", async (name, content, reason) => {
    writeFileSync(join(samples, name), content);
    await expect(written({ samples })).rejects.toThrow(reason);
    expect(existsSync(to)).toBe(false);
  });

  it("writes into no folder that has something in it", async () => {
    mkdirSync(to);
    writeFileSync(join(to, "mine"), "mine");
    await expect(written()).rejects.toThrow(/the folder is not empty.*mine/s);
  });
});
