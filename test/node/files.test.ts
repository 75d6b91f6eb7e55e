import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { type FileHandle, mkdir, mkdtemp, type open, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ensureOutputDir } from "../../src/node/files/outputFolder.ts";
import { readBytes } from "../../src/node/files/readBytes.ts";
import { writeAtomic } from "../../src/node/files/writeAtomic.ts";
import { sha256 } from "../../src/node/hash.ts";
import { nodeHome } from "../../src/node/home.ts";
import { readScan } from "../../src/node/runs.ts";
import { readBundleFile } from "../../src/runs/inputs/bundleFiles.ts";
import { fileProbe } from "../../src/runs/payloads.ts";

/** What the next opened file does on writing instead of writing. */
const disk = vi.hoisted(() => ({ failWith: undefined as string | undefined }));
vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof import("node:fs/promises")>();
  const openOrFail = async (...args: Parameters<typeof open>): Promise<FileHandle> => {
    const file = await real.open(...args);
    const code = disk.failWith;
    if (code === undefined) return file;
    file.writeFile = async () => {
      throw Object.assign(new Error(`${code}: no space left on device, write`), { code });
    };
    return file;
  };
  return { ...real, open: openOrFail };
});

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ptychonaut-"));
});
afterEach(async () => {
  disk.failWith = undefined;
  await rm(folder, { recursive: true });
});

describe("reading", () => {
  it("gives memory of its own", async () => {
    await writeFile(join(folder, "a"), Uint8Array.of(1, 2, 3));
    const bytes = await readBytes(join(folder, "a"));
    expect(bytes).toEqual(Uint8Array.of(1, 2, 3));
    expect(bytes.byteOffset).toBe(0);
    expect(bytes.buffer.byteLength).toBe(3);
  });

  it("a missing file and a folder", async () => {
    await expect(readBytes(join(folder, "nope.npz"))).rejects.toMatchObject({ kind: "data", exitCode: 2 });
    await expect(readBytes(join(folder, "nope.npz"))).rejects.toThrow(/no such file; in .*nope.npz/);
    await expect(readBytes(folder)).rejects.toThrow(/this is a folder, not a file/);
  });

  it.each(["scan.npz", "."])("a pipe is said to be one, and not waited for, as %s", async (name) => {
    const pipe = join(folder, "scan.npz");
    execFileSync("mkfifo", [pipe]);
    const said = {
      exitCode: 2,
      message: expect.stringMatching(/not a regular file; in .*scan.npz; got a pipe. Save it/),
    };
    const path = join(folder, name);
    await expect(
      fileProbe(nodeHome)
        .scanFiles(path)
        .then(([first]) => readScan(first)),
    ).rejects.toMatchObject(said);
    await expect(readBytes(pipe)).rejects.toMatchObject(said);
    await expect(readBundleFile(pipe, nodeHome.store)).rejects.toMatchObject(said);
  });

  it("a device is no damaged archive", async () => {
    for (const read of [readScan, readBytes])
      await expect(read("/dev/zero")).rejects.toThrow(/not a regular file; in \/dev\/zero; got a device. Save it/);
  });

  it("a scan that is no archive names the file", async () => {
    await writeFile(join(folder, "scan.npz"), "text");
    await expect(readScan(join(folder, "scan.npz"))).rejects.toThrow(
      /this is a text file, which this version does not read; in .*scan.npz/,
    );
  });

  it("SHA-256 of the standard's example", () => {
    expect(sha256(new TextEncoder().encode("abc"))).toBe(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
  });
});

describe("writing", () => {
  it("replaces the old content and leaves nothing else", async () => {
    const path = join(folder, "out.json");
    await writeAtomic(path, "old");
    await writeAtomic(path, Uint8Array.of(0x6e, 0x65, 0x77));
    expect(await readFile(path, "utf8")).toBe("new");
    expect(await readdir(folder)).toEqual(["out.json"]);
  });

  it("a full disk keeps the old file, removes the temporary one and says so", async () => {
    const path = join(folder, "last.ckpt");
    await writeAtomic(path, "old");
    disk.failWith = "ENOSPC";
    const write = writeAtomic(path, "new");
    await expect(write).rejects.toMatchObject({ kind: "output", exitCode: 1 });
    await expect(write).rejects.toThrow(/cannot be written; in .*last.ckpt.*ENOSPC.*Free space/);
    expect(await readFile(path, "utf8")).toBe("old");
    expect(await readdir(folder)).toEqual(["last.ckpt"]);
  });

  it("a folder that is not there", async () => {
    await expect(writeAtomic(join(folder, "none", "x"), "")).rejects.toThrow(/ENOENT.*Create the folder/);
  });
});

describe("output folders", () => {
  it("are made with their parents and left empty", async () => {
    await ensureOutputDir(join(folder, "a", "b"));
    expect(await readdir(join(folder, "a", "b"))).toEqual([]);
  });

  it.skipIf(!existsSync("/proc/self"))("where none can be made are refused at once", async () => {
    for (const path of ["/proc/ptychonaut", "/proc/ptychonaut/a/b", "/proc/self/ptychonaut"])
      await expect(ensureOutputDir(path)).rejects.toMatchObject({ kind: "usage", details: { where: path } });
  });

  it("may be named by a path with dots and a slash at its end", async () => {
    await ensureOutputDir(`${join(folder, "a")}/../b/./c/`);
    expect((await readdir(folder)).sort()).toEqual(["a", "b"]);
    expect(await readdir(join(folder, "b"))).toEqual(["c"]);
  });

  it("lose what killed runs left in them, and nothing else", async () => {
    const { pid: dead } = spawnSync(process.execPath, ["--version"]);
    const left = (name: string, pid: number): string => `.${name}.${pid}.0123456789ab.tmp`;
    const before = [left("run.json", dead), left("earlier", process.pid)];
    const others = [left("alive", process.ppid), "notes.tmp", ".hidden", "model.zip"];
    for (const name of [...before, ...others]) await writeFile(join(folder, name), "");
    await mkdir(join(folder, "reconstructions"));
    await writeFile(join(folder, "reconstructions", left("epoch_0005.png", dead)), "");
    // As a container does whose processes have the same numbers each time.
    await utimes(join(folder, left("earlier", process.pid)), 1, 1);
    await writeFile(join(folder, left("own", process.pid)), "");
    await ensureOutputDir(folder);
    expect(await readdir(join(folder, "reconstructions"))).toEqual([]);
    const kept = [...others, left("own", process.pid), "reconstructions"];
    expect((await readdir(folder)).sort()).toEqual(kept.sort());
  });

  it("a file in the way is a usage error", async () => {
    await writeFile(join(folder, "file"), "");
    for (const path of [join(folder, "file"), join(folder, "file", "below")])
      await expect(ensureOutputDir(path)).rejects.toMatchObject({ kind: "usage", exitCode: 2 });
  });
});
