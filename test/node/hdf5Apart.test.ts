import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { ArrayFile } from "../../src/formats/arrayFile.ts";
import { memorySource } from "../../src/formats/byteSource.ts";
import { openArrayFile } from "../../src/formats/containers.ts";
import type { Neighbours } from "../../src/formats/neighbours.ts";
import { nodeStore } from "../../src/node/store.ts";
import { openApart } from "../../src/node/workers/hdf5Apart.ts";
import { withArrays } from "../../src/runs/openArrays.ts";
import { writtenHdf5 } from "../formats/hdf5/written.ts";
import { hdf5Files } from "../fuzz/hdf5.ts";

const numbers = Float64Array.from({ length: 300_000 }, (_, i) => Math.sin(i));

/** A file with a link to another. */
async function linked(): Promise<ArrayFile> {
  const other = await writtenHdf5((file) => file.create_dataset({ name: "numbers", data: numbers }));
  const bytes = await writtenHdf5((file) => {
    file.create_dataset({ name: "own", data: new Int32Array([1, 2, 3]) });
    file.create_external_link("other.h5", "/numbers", "elsewhere");
  });
  const neighbours: Neighbours = {
    open: async (name) => (name === "other.h5" ? { ...memorySource(other), close() {} } : undefined),
    openHdf5: openApart,
  };
  return openArrayFile(bytes, "linked.h5", neighbours);
}

/** What is said of a file in which some bytes were changed. */
async function complaints(number: number, changes: Readonly<Record<number, number>>): Promise<string> {
  const bytes = (await hdf5Files())[number].slice();
  for (const [at, byte] of Object.entries(changes)) bytes[Number(at)] = byte;
  const alone: Neighbours = { open: async () => undefined, openHdf5: openApart };
  const file = await openArrayFile(bytes, "hostile.h5", alone);
  const all: string[] = [];
  for (const key of file.keys) {
    try {
      file.read(key);
    } catch (error) {
      all.push(String(error));
    }
  }
  return all.join("\n");
}

describe("an HDF5 file that keeps the library busy without end", () => {
  it("is an error within seconds, and others that are open are read as before", async () => {
    const file = await linked();
    expect(file.keys).toEqual(["own", "elsewhere"]);
    const start = process.cpuUsage();
    // Found by fuzzing: the length of a text.
    const text = { 2144: 255, 2145: 255, 2146: 255, 2147: 255 };
    expect(await complaints(1, text)).toMatch(/finds no end with this file; in hostile\.h5/);
    // Of the processor's time: a busy machine takes as long as it does.
    expect(process.cpuUsage(start).user / 1e6).toBeLessThan(10);
    expect([...file.readNumbers("own").data]).toEqual([1, 2, 3]);
    expect(file.readNumbers("elsewhere").data).toEqual(numbers);
    file.close();
  });
});

describe("an HDF5 file on the disk", () => {
  const folder = mkdtempSync(join(tmpdir(), "ptychonaut-apart-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  it("that changes while it is open is said to have changed", async () => {
    const path = join(folder, "scan.h5");
    const data = { name: "numbers", data: numbers, chunks: [1000], compression: "gzip", compression_opts: 1 } as const;
    writeFileSync(path, await writtenHdf5((file) => file.create_dataset({ ...data, chunks: [1000] })));
    await withArrays(path, nodeStore, (file) => {
      expect(file.readNumbers("numbers").data).toEqual(numbers);
      appendFileSync(path, "more");
      expect(() => file.readNumbers("numbers")).toThrow(/changed/);
    }).catch((error) => expect(error).toMatchObject({ kind: "changed" }));
  });
});
