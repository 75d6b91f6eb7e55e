import { describe, expect, it } from "vitest";
import { memoryStore } from "../../src/runs/memoryStore.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { mountedStore } from "../../src/web/mountedStore.ts";
import type { Desk } from "../../web/worker/answers/answer.ts";
import type { OpenedScan } from "../../web/worker/answers/openedScan.ts";
import { openScan } from "../../web/worker/answers/scan.ts";
import { plainHome } from "../runs/plainHome.ts";

const asked = { signal: new AbortController().signal, tell() {} };

describe("a scan that the page's worker opens", () => {
  it("is the one of the highest number, whichever is read first", async () => {
    const store = mountedStore(memoryStore());
    await store.claim("/scans");
    for (const n of [16, 32]) await store.write(`/scans/${n}.npz`, writeScanNpz(simulate({ n, patterns: 9, seed: 1 })));
    // The first file is there when it is told to.
    let give = (): void => {};
    const given = new Promise<void>((resolve) => {
      give = resolve;
    });
    const open: typeof store.open = async (path) => {
      if (path.endsWith("16.npz")) await given;
      return store.open(path);
    };
    let opened: OpenedScan | undefined;
    const desk = {
      home: { ...plainHome, store: { ...store, open } },
      setScan(scan?: OpenedScan) {
        opened?.close();
        opened = scan;
      },
    } as unknown as Desk;
    const ask = (n: number, serial: number) => openScan({ path: `/scans/${n}.npz`, stated: {}, serial }, desk, asked);
    const overtaken = { kind: "usage", what: "another scan was opened meanwhile" };
    const slow = ask(16, 1);
    expect(await ask(32, 3)).toMatchObject({ height: 32 });
    give();
    await expect(slow).rejects.toMatchObject(overtaken);
    expect(opened?.path).toBe("/scans/32.npz");
    // One that comes late does not even close it.
    await expect(ask(16, 2)).rejects.toMatchObject(overtaken);
    expect(opened?.path).toBe("/scans/32.npz");
  });
});
