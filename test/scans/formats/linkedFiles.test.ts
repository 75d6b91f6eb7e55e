import type * as h5wasm from "h5wasm";
import { describe, expect, it } from "vitest";
import { asSource } from "../../../src/formats/byteSource.ts";
import { openArrayFile } from "../../../src/formats/containers.ts";
import type { Neighbours } from "../../../src/formats/neighbours.ts";
import { scanParts } from "../../../src/scans/registry.ts";
import { type WrittenFile, writtenHdf5 } from "../../formats/hdf5/written.ts";

/** Frames in files beside the file, by links, as detectors and beamlines write them. */

const side = 8;
const frames = (count: number, value: number) => ({
  data: new Uint16Array(count * side * side).fill(value),
  shape: [count, side, side],
});

const folder = (files: Readonly<Record<string, Uint8Array>>): Neighbours => ({
  open: async (name) => {
    const bytes = files[name];
    return bytes === undefined ? undefined : { ...asSource(bytes), close() {} };
  },
});

const numbers = (file: WrittenFile, path: string, value: number): void =>
  void file.create_dataset({ name: path, data: Float64Array.of(value), shape: [1] });

describe("links to frames in other files", async () => {
  const master = await writtenHdf5((file) => {
    const group = file.create_group("entry") as h5wasm.Group;
    const data = group.create_group("data");
    for (const k of [1, 2, 3]) data.create_external_link(`m_data_00000${k}.h5`, "/entry/data/data", `data_00000${k}`);
  });
  const piece = (count: number, value: number) =>
    writtenHdf5((file) => {
      file.create_group("entry");
      file.create_group("entry/data");
      file.create_dataset({ name: "entry/data/data", ...frames(count, value) });
    });
  const files = {
    "m_data_000001.h5": await piece(2, 1),
    "m_data_000002.h5": await piece(3, 2),
    "m_data_000003.h5": await piece(1, 3),
  };

  it("a master file's are joined", async () => {
    const file = await openArrayFile(master, "m_master.h5", folder(files));
    const { patterns } = scanParts(file, {}, "m_master.h5").parts;
    if (patterns === undefined) throw new Error("no patterns");
    expect(patterns.file.header(patterns.key).shape).toEqual([6, side, side]);
    expect([0, 2, 5].map((k) => patterns.file.readImages(patterns.key, k, 1)[0])).toEqual([1, 2, 3]);
  });

  it.each(["m_data_000001.h5", "m_data_000002.h5", "m_data_000003.h5"])("without %s it is named", async (missing) => {
    const others = Object.fromEntries(Object.entries(files).filter(([name]) => name !== missing));
    const open = async () => {
      const file = await openArrayFile(master, "m_master.h5", folder(others));
      return scanParts(file, {}, "m_master.h5").parts.patterns;
    };
    await expect(open()).rejects.toThrow(missing);
  });

  it("ptypy's parts are found by links of whole files, and a missing one is named", async () => {
    const part = (count: number, value: number) =>
      writtenHdf5((file) => {
        file.create_dataset({ name: "data", ...frames(count, value) });
        file.create_dataset({ name: "positions", data: new Float64Array(2 * count).fill(value), shape: [count, 2] });
      });
    const ptyd = await writtenHdf5((file) => {
      file.create_group("meta");
      numbers(file, "meta/num_frames", 5);
      numbers(file, "meta/psize", 1e-4);
      const chunks = file.create_group("chunks");
      for (const k of [0, 1]) chunks.create_external_link(`a.ptyd.part00${k}`, "/", `${k}`);
    });
    const parts = { "a.ptyd.part000": await part(2, 4), "a.ptyd.part001": await part(3, 6) };
    const { patterns, positions } = scanParts(await openArrayFile(ptyd, "a.ptyd", folder(parts)), {}, "a.ptyd").parts;
    expect(patterns?.file.header(patterns.key).shape).toEqual([5, side, side]);
    expect([...(positions?.read() ?? [])]).toEqual([4, 4, 4, 4, 6, 6, 6, 6, 6, 6]);
    const { "a.ptyd.part001": _, ...one } = parts;
    const broken = await openArrayFile(ptyd, "a.ptyd", folder(one));
    expect(() => scanParts(broken, {}, "a.ptyd")).toThrow(/a\.ptyd\.part001/);
  });
});
