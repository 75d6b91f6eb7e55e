import type { ExpectStatic } from "vitest";
import { openZip } from "../../src/formats/zip.ts";
import { joinPath } from "../../src/runs/paths.ts";
import { isThere, type RunStore, readJson, withFile, writeArchive, writeJson } from "../../src/runs/store.ts";

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** What holds for every store, wherever it is: runs cannot tell them apart. */
export interface StoreCase {
  readonly name: string;
  run(store: RunStore, root: string, expect: ExpectStatic): Promise<void>;
}

const pathIn =
  (root: string) =>
  (...names: readonly string[]): string =>
    joinPath(root, ...names);

export const storeCases: readonly StoreCase[] = [
  {
    name: "a claimed folder is there, with its parents, and what is written can be read, listed and removed",
    async run(store, root, expect) {
      const path = pathIn(root);
      await store.claim(path("a", "b"));
      await store.write(path("a", "b", "text"), "one");
      await store.write(path("a", "b", "text"), "two");
      await store.write(path("a", "b", "bytes"), Uint8Array.of(1, 2, 3));
      expect(text(await store.read(path("a", "b", "text")))).toBe("two");
      expect(await store.read(path("a", "b", "bytes"))).toEqual(Uint8Array.of(1, 2, 3));
      expect([...(await store.list(path("a", "b")))].sort()).toEqual(["bytes", "text"]);
      expect(await store.list(path("a"))).toEqual(["b"]);
      expect(await store.kindOf(path("a"))).toBe("folder");
      expect(await store.kindOf(path("a", "b", "text"))).toBe("file");
      await store.remove(path("a", "b", "text"));
      await store.remove(path("a", "b", "text"));
      expect(await isThere(path("a", "b", "text"), store)).toBe(false);
      expect(await store.list(path("nowhere"))).toEqual([]);
    },
  },
  {
    name: "what is not there and what cannot be are errors that name the path",
    async run(store, root, expect) {
      const path = pathIn(root);
      await store.claim(path("errors"));
      await store.write(path("errors", "file"), "");
      await expect(store.read(path("errors", "none"))).rejects.toThrow(/no such file.*errors\/none/);
      await expect(store.open(path("errors", "none"))).rejects.toMatchObject({ kind: "data" });
      await expect(store.read(path("errors"))).rejects.toThrow(/folder.*errors|errors.*folder/);
      await expect(store.write(path("errors", "none", "file"), "")).rejects.toMatchObject({ kind: "output" });
      await expect(store.append(path("errors", "none", "file"), "")).rejects.toMatchObject({ kind: "output" });
      await expect(store.claimFile(path("errors", "none", "file"))).rejects.toMatchObject({ kind: "usage" });
      await store.claimFile(path("errors", "new"));
      expect(await store.list(path("errors"))).toEqual(["file"]);
      await expect(store.claim(path("errors", "file"))).rejects.toMatchObject({ kind: "usage" });
      await expect(store.makeFolder(path("errors", "file", "folder"))).rejects.toMatchObject({ kind: "output" });
    },
  },
  {
    name: "a file is written anywhere, read back and cut, and is there only once it is whole",
    async run(store, root, expect) {
      const path = pathIn(root);
      await store.claim(path("anywhere"));
      const file = path("anywhere", "file");
      await store.writeAnywhere(file, async (open) => {
        open.write(6, Uint8Array.of(7, 8, 9));
        expect(open.size).toBe(9);
        open.write(0, Uint8Array.of(1, 2));
        expect([...open.read(0, 99)]).toEqual([1, 2, 0, 0, 0, 0, 7, 8, 9]);
        expect([...open.read(20, 4)]).toEqual([]);
        open.resize(8);
        open.resize(10);
        await new Promise((resolve) => setTimeout(resolve));
        expect(await isThere(file, store)).toBe(false);
      });
      expect([...(await store.read(file))]).toEqual([1, 2, 0, 0, 0, 0, 7, 8, 0, 0]);
      await expect(store.writeAnywhere(file, () => {}, { exclusive: true })).rejects.toMatchObject({ kind: "usage" });
      const failing = store.writeAnywhere(file, async (open) => {
        open.write(0, Uint8Array.of(5));
        throw new Error("no more");
      });
      await expect(failing).rejects.toThrow("no more");
      expect([...(await store.read(file))]).toEqual([1, 2, 0, 0, 0, 0, 7, 8, 0, 0]);
      expect(await store.list(path("anywhere"))).toEqual(["file"]);
    },
  },
  {
    name: "an open file is read by pieces, and its stamp tells whether it was replaced",
    async run(store, root, expect) {
      const path = pathIn(root);
      await store.claim(path("open"));
      const file = path("open", "file");
      await store.write(file, "0123456789");
      const stamps: string[] = [];
      await withFile(file, store, (opened) => {
        expect(opened.size).toBe(10);
        expect(text(opened.read(3, 4))).toBe("3456");
        stamps.push(opened.stamp);
      });
      await withFile(file, store, ({ stamp }) => void stamps.push(stamp));
      await store.write(file, "9876543210");
      await withFile(file, store, ({ stamp }) => void stamps.push(stamp));
      expect(stamps[1]).toBe(stamps[0]);
      expect(stamps[2]).not.toBe(stamps[0]);
    },
  },
  {
    name: "logs grow, archives come by pieces, JSON is read back",
    async run(store, root, expect) {
      const path = pathIn(root);
      await store.makeFolder(path("more", "logs"));
      const log = path("more", "logs", "log");
      for (const line of ["a\n", "b\n"]) await store.append(log, line);
      expect(text(await store.read(log))).toBe("a\nb\n");
      const data = Uint8Array.from({ length: 10_000 }, (_, i) => i % 251);
      await writeArchive(path("more", "zip"), (writer) => writer.add("x", data.length, [data], 6), store);
      expect(openZip(await store.read(path("more", "zip")), "zip").read("x")).toEqual(data);
      await writeJson(path("more", "json"), { a: [1, null] }, store);
      expect(await readJson(path("more", "json"), store)).toEqual({ a: [1, null] });
    },
  },
  {
    name: "scratch files give back what was written",
    async run(store, root, expect) {
      const path = pathIn(root);
      await store.claim(path("scratch"));
      const said: string[] = [];
      const folder = store.scratch(path("scratch"), (line) => void said.push(line));
      const file = folder.make(6, "six bytes");
      file.write(Uint8Array.of(1, 2, 3));
      file.write(Uint8Array.of(4, 5, 6));
      expect([...file.source().read(1, 4)]).toEqual([2, 3, 4, 5]);
      folder.remove();
      expect(await store.list(path("scratch"))).toEqual([]);
    },
  },
  {
    name: "a file has one identity, and is replaced only where that was not excluded",
    async run(store, root, expect) {
      const path = pathIn(root);
      await store.claim(path("exclusive"));
      const file = path("exclusive", "file");
      expect(await store.identity(file)).toBeUndefined();
      await store.write(file, "first", { exclusive: true });
      const again = store.write(file, "second", { exclusive: true });
      await expect(again).rejects.toMatchObject({ kind: "usage" });
      await expect(again).rejects.toThrow(/the file exists; in .*exclusive.file.*`overwrite`/);
      const archive = writeArchive(file, (writer) => writer.add("x", 0, [], 6), store, { exclusive: true });
      await expect(archive).rejects.toMatchObject({ kind: "usage" });
      expect(text(await store.read(file))).toBe("first");
      expect(await store.list(path("exclusive"))).toEqual(["file"]);
      expect(await store.identity(path("exclusive", "..", "exclusive", "file"))).toBe(await store.identity(file));
      expect(await store.identity(path("exclusive"))).not.toBe(await store.identity(file));
    },
  },
  {
    name: "a folder is one run's at a time, and another's when that has let go of it",
    async run(store, root, expect) {
      const path = pathIn(root);
      await store.claim(path("locked"));
      const lock = await store.lock(path("locked"));
      await expect(store.lock(path("locked"))).rejects.toMatchObject({ kind: "usage" });
      await expect(store.checkFree(path("locked"))).rejects.toThrow(/the output folder is in use; in .*locked/);
      await lock.release();
      await store.checkFree(path("locked"));
      await (await store.lock(path("locked"))).release();
      expect(await store.list(path("locked"))).toEqual([]);
    },
  },
  {
    name: "who looks whether a folder is free is in nobody's way",
    async run(store, root, expect) {
      const path = pathIn(root);
      await store.claim(path("looked at"));
      const looks = (): Promise<void>[] => Array.from({ length: 20 }, () => store.checkFree(path("looked at")));
      await Promise.all(looks());
      const [lock] = await Promise.all([store.lock(path("looked at")), ...looks().map((look) => look.catch(() => {}))]);
      await expect(lock.release()).resolves.toBeUndefined();
    },
  },
  {
    name: "a file has one full name",
    async run(store, root, expect) {
      const path = pathIn(root);
      expect(store.absolute("b/../c", root)).toBe(path("c"));
      expect(store.absolute(path("a", ".", "b"))).toBe(path("a", "b"));
      expect(store.absolute(path("x"), "/elsewhere")).toBe(path("x"));
    },
  },
];
