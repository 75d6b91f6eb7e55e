import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { memoryStore } from "../../src/runs/memoryStore.ts";
import { silentProgress } from "../../src/runs/progress.ts";
import { type MountedStore, mountedStore } from "../../src/web/mountedStore.ts";

/** A file whose bytes are there at once, as a worker's reader has them. */
class ReadAtOnce extends File {
  readonly text_: string;
  constructor(name: string, text: string) {
    super([text], name, { lastModified: 1000 });
    this.text_ = text;
  }
  override slice(start = 0, end = this.size): Blob {
    return new ReadAtOnce(this.name, this.text_.slice(start, end));
  }
}

const file = (name: string, text = name): File => new ReadAtOnce(name, text);
const textAt = async (store: MountedStore, path: string): Promise<string> =>
  new TextDecoder().decode(await store.read(path));
const scope = globalThis as { FileReaderSync?: unknown };

/** A store with room, which has these files. */
async function storeWith(files: Readonly<Record<string, string>> = {}): Promise<MountedStore> {
  const store = mountedStore({ ...memoryStore(), freeBytes: async () => 1000 });
  for (const [path, text] of Object.entries(files)) {
    await store.claim(path.slice(0, path.lastIndexOf("/")));
    await store.write(path, text);
  }
  return store;
}

describe("files of the user's in a store", () => {
  beforeAll(() => {
    scope.FileReaderSync = class {
      readAsArrayBuffer({ text_ }: ReadAtOnce): ArrayBuffer {
        return new TextEncoder().encode(text_).buffer as ArrayBuffer;
      }
    };
  });
  afterAll(() => {
    delete scope.FileReaderSync;
  });

  it("are alone in their folder, whatever the store kept there before", async () => {
    const store = await storeWith({ "/scans/a/1.tif": "old 1", "/scans/a/3.tif": "old 3", "/scans/b/x": "x" });
    store.mount("/scans/a", [file("1.tif", "new 1"), file("2.tif")]);
    expect(await store.list("/scans/a")).toEqual(["1.tif", "2.tif"]);
    expect(await store.kindOf("/scans/a/3.tif")).toBeUndefined();
    expect(await store.identity("/scans/a/3.tif")).toBeUndefined();
    const gone = { kind: "data", what: "no such file" };
    await expect(store.read("/scans/a/3.tif")).rejects.toMatchObject(gone);
    await expect(store.open("/scans/a/3.tif")).rejects.toMatchObject(gone);
    await expect(store.openFolder("/scans/a", ["1.tif", "3.tif"])).rejects.toMatchObject(gone);
    expect(await textAt(store, "/scans/a/1.tif")).toBe("new 1");
    expect(await store.kindOf("/scans/a/2.tif")).toBe("file");
    expect(await store.kindOf("/scans/a")).toBe("folder");
    // Other folders are the store's.
    expect(await store.list("/scans/b")).toEqual(["x"]);
    expect(await textAt(store, "/scans/b/x")).toBe("x");
  });

  it("are refused where two have one name, and those that were there stay", async () => {
    const store = await storeWith();
    store.mount("/scans/a", [file("scan.npz", "first")]);
    expect(() => store.mount("/scans/a", [file("scan.npz"), file("other.npz"), file("scan.npz", "third")])).toThrow(
      expect.objectContaining({ kind: "usage", details: expect.objectContaining({ where: "scan.npz" }) }),
    );
    expect(await textAt(store, "/scans/a/scan.npz")).toBe("first");
  });

  it("are kept by the path of one, or of the folder that is a scan, and are not copied again", async () => {
    const store = await storeWith();
    store.mount("/scans/a", [file("1.tif"), file("2.tif")]);
    const written: string[] = [];
    const { writePieces } = store.itself;
    store.itself.writePieces = async (path, ...others) => {
      written.push(path);
      await writePieces(path, ...others);
    };
    expect(await store.keep("/scans/a", () => silentProgress)).toBe(true);
    expect(await store.keep("/scans/a/1.tif", () => silentProgress)).toBe(true);
    expect(written).toEqual(["/scans/a/1.tif", "/scans/a/2.tif"]);
    expect([...(await store.itself.list("/scans/a"))].sort()).toEqual(["1.tif", "2.tif"]);
    store.mount("/scans/b", [file("large.npz", "x".repeat(501))]);
    expect(await store.keep("/scans/b/large.npz", () => silentProgress)).toBe(false);
  });

  it("are not whole where the page was closed while they were copied", async () => {
    const store = await storeWith();
    const images = [file("1.tif"), file("2.tif")];
    store.mount("/scans/a", images);
    const { writePieces } = store.itself;
    store.itself.writePieces = async (path, ...others) => {
      if (path.endsWith("2.tif")) throw new Error("closed");
      await writePieces(path, ...others);
    };
    await expect(store.keep("/scans/a", () => silentProgress)).rejects.toThrow("closed");
    expect(await store.isWhole("/scans/a")).toBe(true);
    // In the next page.
    const next = mountedStore({ ...store.itself, writePieces });
    expect(await next.kindOf("/scans/a")).toBe("folder");
    expect(await next.isWhole("/scans/a")).toBe(false);
    next.mount("/scans/a", images);
    await next.keep("/scans/a", () => silentProgress);
    expect(await mountedStore(next.itself).isWhole("/scans/a")).toBe(true);
    expect(await mountedStore(next.itself).isWhole("/scans/b")).toBe(false);
  });
});
