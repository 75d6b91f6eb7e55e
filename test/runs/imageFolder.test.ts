import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { sha256 } from "../../src/node/hash.ts";
import { nodeMachine } from "../../src/node/machine.ts";
import { nodeStore } from "../../src/node/store.ts";
import { scanFiles } from "../../src/runs/inputs/scans.ts";
import { memoryStore } from "../../src/runs/memoryStore.ts";
import { hashAt, withArrays } from "../../src/runs/openArrays.ts";
import { changedInputs, type SavedRun } from "../../src/runs/savedRun.ts";
import type { RunStore } from "../../src/runs/store.ts";
import { writeMib } from "../formats/framesWritten.ts";
import { writeTiffPages } from "../formats/tiffWritten.ts";

const disk = mkdtempSync(join(tmpdir(), "ptychonaut-images-"));
afterAll(() => rmSync(disk, { recursive: true }));

const [H, W] = [3, 4];
const pixels = (k: number): Uint16Array => Uint16Array.from({ length: H * W }, (_, i) => 100 * k + i);
/** A file with the pages of these numbers. */
const tiff = (...pages: readonly number[]): Uint8Array<ArrayBuffer> =>
  writeTiffPages(
    pages.map((k) => ({
      height: H,
      width: W,
      bits: 16,
      format: 1,
      pieces: [new Uint8Array(pixels(k).buffer as ArrayBuffer)],
    })),
  );

async function fill(store: RunStore, folder: string, files: Readonly<Record<string, Uint8Array>>): Promise<void> {
  await store.claim(folder);
  for (const [name, bytes] of Object.entries(files)) await store.write(`${folder}/${name}`, bytes);
}

describe.each([
  ["the disk", nodeStore, disk],
  ["memory", memoryStore(), "/scans"],
] as const)("a folder of images: %s", (_, store, root) => {
  it("is one scan, in the order that people count in", async () => {
    const folder = `${root}/counted`;
    const files = { "f10.tif": tiff(4), "f2.tif": tiff(2, 3), "f1.tif": tiff(1), "positions.csv": new Uint8Array(3) };
    await fill(store, folder, files);
    expect(await scanFiles(folder, store)).toEqual([folder]);
    await withArrays(folder, store, (arrays, file) => {
      expect(arrays.header("images")).toMatchObject({ shape: [4, H, W], dtype: "uint16" });
      expect([...arrays.readNumbers("images").data]).toEqual([1, 2, 3, 4].flatMap((k) => [...pixels(k)]));
      expect([...arrays.readImages("images", 1, 3)]).toEqual([2, 3, 4].flatMap((k) => [...pixels(k)]));
      expect(arrays.attributes()["warnings"].data).toEqual(["the names of the images leave out the numbers 3 to 9"]);
      // The hash is of all images, and of nothing else.
      const all = Buffer.concat([files["f1.tif"], files["f2.tif"], files["f10.tif"]]);
      expect(file.size).toBe(all.length);
      expect(sha256(file)).toBe(sha256(new Uint8Array(all)));
    });
  });

  it("names the image that is of another shape, or damaged", async () => {
    const other = writeTiffPages([{ height: 2, width: 2, bits: 16, format: 1, pieces: [new Uint8Array(8)] }]);
    await fill(store, `${root}/odd`, { "a1.tif": tiff(1), "a2.tif": other });
    await expect(withArrays(`${root}/odd`, store, () => {})).rejects.toThrow(
      /different shapes or dtypes; in .*odd: a2\.tif; expected \(3, 4\) of uint16, as a1\.tif; got \(2, 2\)/,
    );
    await fill(store, `${root}/broken`, { "a1.tif": tiff(1), "a2.tif": tiff(2).slice(0, 30) });
    await expect(withArrays(`${root}/broken`, store, () => {})).rejects.toThrow(/truncated TIFF.*broken: a2\.tif/);
  });

  it("with scans beside them is said to be mixed; scans alone stay several", async () => {
    await fill(store, `${root}/mixed`, { "a1.tif": tiff(1), "scan.npz": new Uint8Array(1) });
    await expect(scanFiles(`${root}/mixed`, store)).rejects.toThrow(
      /a folder with images and with scans.*1 images \(a1\.tif …\) and scan\.npz.*folder of their own/,
    );
    await fill(store, `${root}/scans`, {
      "b.npz": new Uint8Array(1),
      "a.cxi": new Uint8Array(1),
      ".hidden.tif": tiff(1),
    });
    expect(await scanFiles(`${root}/scans`, store)).toEqual([`${root}/scans/a.cxi`, `${root}/scans/b.npz`]);
  });
});

describe("the hash of a scan", () => {
  const store = memoryStore();
  const home = { machine: nodeMachine, store };

  it("is the file's where it stands alone, and covers what it was read with", async () => {
    const frames = [1, 2].map((k) => new Uint8Array(24).fill(k));
    const mib = writeMib({ width: 6, height: 4, type: "U08", bits: 6, frames });
    await fill(store, "/merlin", { "scan.mib": mib });
    expect(await hashAt("/merlin/scan.mib", home)).toBe(sha256(mib));
    const hdr = new TextEncoder().encode("HDR,\nScanX:\t2\nScanY:\t1\nEnd\t");
    await store.write("/merlin/scan.hdr", hdr);
    expect(await hashAt("/merlin/scan.mib", home)).toBe(sha256(new Uint8Array([...mib, ...hdr])));
    expect(await hashAt("/merlin/scan.hdr", home)).toBe(sha256(new Uint8Array([...hdr, ...mib])));
  });

  it("is known again when a run is repeated: of a folder, and of what is no file of arrays", async () => {
    await fill(store, "/pages", { "a1.tif": tiff(1), "a2.tif": tiff(2) });
    await store.write("/weights.bin", "no arrays");
    const inputs = [
      { path: "/pages", sha256: sha256(new Uint8Array([...tiff(1), ...tiff(2)])) },
      { path: "/weights.bin", sha256: sha256(new TextEncoder().encode("no arrays")) },
    ];
    const run = { inputs } as unknown as SavedRun;
    expect(await changedInputs(run, home)).toEqual([]);
    await store.write("/pages/a2.tif", tiff(3));
    expect(await changedInputs(run, home)).toEqual(["/pages"]);
  });
});

it("more images than may be open at a time are read in any order, and seen when they change", async () => {
  const folder = join(disk, "many");
  mkdirSync(folder);
  for (let k = 0; k < 100; k++) writeFileSync(join(folder, `${k}.tif`), tiff(k));
  await withArrays(folder, nodeStore, (arrays) => {
    for (const k of [99, 0, 50, 0, 98]) expect([...arrays.readImages("images", k, 1)]).toEqual([...pixels(k)]);
    writeFileSync(join(folder, "7.tif"), tiff(7, 8));
    expect(() => arrays.readImages("images", 7, 1)).toThrow(/changed while a run was reading it.*7\.tif/);
  });
});
