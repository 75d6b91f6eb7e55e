import { beforeAll, describe, expect, it } from "vitest";
import { installPlugins } from "../../src/formats/hdf5/filters.ts";
import { hdf5Library } from "../../src/formats/hdf5/library.ts";
import { writtenHdf5 } from "../formats/hdf5/written.ts";
import { chromiumPath, foundInPage } from "./harness.ts";
import type { Hdf5Files, Hdf5Findings } from "./page/hdf5Worker.ts";
import type { Page } from "./page/page.ts";

const counts = Uint16Array.from({ length: 4 * 96 * 96 }, (_, i) => (i * 7919) % 1009);
const shape = [4, 96, 96];
const GAP = 33 * 2 ** 26;

const FILTERS = { gzip: [1, [4]], bitshuffle: [32008, [0, 2]], lzf: [32000, []], zstd: [32015, [3]] } as const;

/** HDF5 in a worker in Chromium, bundled as an application would: plugins, and a file that no array could hold. */
describe.skipIf(chromiumPath === undefined)("HDF5 files of a browser's user", () => {
  let found: Hdf5Findings;
  let head: Uint8Array;

  beforeAll(async () => {
    const { files, start } = await filesToOpen();
    head = start;
    found = await foundInPage((page) =>
      page.evaluate((given) => (globalThis as unknown as { readonly page: Page }).page.hdf5(given), files),
    );
  }, 240_000);

  it("are read with plugins that come when they are needed", () => {
    for (const name of Object.keys(FILTERS)) expect([name, found.filters[name]]).toEqual([name, [...counts]]);
  });

  it("may be larger than 2 GiB", () => {
    expect(found.size).toBeGreaterThan(2 ** 31);
    expect(found.lastFrame).toEqual([...counts.subarray(3 * 96 * 96)]);
    expect(found.offset).toBe(head.length + GAP);
  });

  async function filesToOpen(): Promise<{ readonly files: Hdf5Files; readonly start: Uint8Array }> {
    await installPlugins(
      await hdf5Library(),
      Object.values(FILTERS).map(([id]) => id),
    );
    const filters = await writtenHdf5((file) => {
      for (const [name, [id, options]] of Object.entries(FILTERS))
        file.create_dataset({
          name,
          data: counts,
          shape,
          chunks: [1, 96, 96],
          compression: id,
          compression_opts: [...options],
        });
    });
    // The oldest version of the format has no checksums.
    const oldest = { libver: ["earliest", "latest"] } as const;
    const small = await writtenHdf5((file) => file.create_dataset({ name: "frames", data: counts, shape }), {
      libver: [...oldest.libver],
    });
    const at = Buffer.from(small).indexOf(Buffer.from(counts.buffer));
    const apart = movedApart(small, at);
    const [start, tail] = [apart.subarray(0, at), apart.subarray(at)];
    const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
    return {
      files: { filters: base64(filters), large: { head: base64(start), gap: GAP, tail: base64(tail) } },
      start,
    };
  }
});

/**
 * The same file with what lies from an address on moved away. Addresses are aligned in the oldest format, but for that of
 * data, which follows two bytes.
 */
function movedApart(file: Uint8Array, from: number): Uint8Array {
  const out = file.slice();
  const view = new DataView(out.buffer);
  for (let at = 0; at + 10 <= out.length; at += 8) {
    if (at >= from && at < from + counts.byteLength) continue;
    const [aligned, data] = [view.getBigUint64(at, true), view.getBigUint64(at + 2, true)];
    if (data === BigInt(from)) view.setBigUint64(at + 2, data + BigInt(GAP), true);
    else if (aligned >= from && aligned <= file.length && aligned !== BigInt(counts.byteLength))
      view.setBigUint64(at, aligned + BigInt(GAP), true);
  }
  return out;
}
