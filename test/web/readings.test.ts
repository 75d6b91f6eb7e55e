import { describe, expect, it } from "vitest";
import { readings } from "../../web/state/readings.ts";
import type { ScanAddress } from "../../web/worker/scanAddress.ts";

/** Readings that end when they are told to, by their paths. */
function slow() {
  const ends = new Map<string, () => void>();
  const begun: string[] = [];
  const made = readings((address: ScanAddress, turn) => {
    begun.push(address.path);
    return new Promise<string>((resolve) => ends.set(address.path, () => resolve(`${address.path} ${turn}`)));
  });
  return { made, begun, end: (path: string) => ends.get(path)?.() };
}

const at = (path: string): ScanAddress => ({ path, stated: {} });

describe("readings of scans that overlap", () => {
  it("leave what was wished for last, whichever ends first", async () => {
    const { made, end } = slow();
    const [first, second] = [made.read(at("a")), made.read(at("b"))];
    // The one that is overtaken is not waited for.
    expect(await first).toBeUndefined();
    end("b");
    expect(await second).toBe("b 2");
    end("a");
    expect(made.latest()).toEqual(at("b"));
  });

  it("leave what was wished for last, also where it is there earlier", async () => {
    const { made, begun, end } = slow();
    const early = made.turn();
    const late = made.read(at("late"));
    end("late");
    expect(await late).toBe("late 1");
    expect(await made.read(at("early"), early)).toBeUndefined();
    expect(begun).toEqual(["late"]);
    expect(made.latest()).toEqual(at("late"));
  });

  it("keep all that is said of one before it is read, and let go of it where another one was wished for", async () => {
    const { made, end } = slow();
    const first = made.read(at("a"));
    const on = made.turn();
    const said = made.restate((stated) => ({ ...stated, dcAt: "corner" }));
    const more = made.restate((stated) => ({ ...stated, probeAt: "corner" }));
    expect([await first, await said]).toEqual([undefined, undefined]);
    end("a");
    expect(await more).toBe("a 3");
    expect(made.latest()).toEqual({ path: "a", stated: { dcAt: "corner", probeAt: "corner" } });
    // What is said of the one that is open takes nothing from the one that is on its way.
    const next = made.read(at("b"), on);
    end("b");
    expect(await next).toBe("b 4");
  });

  it("say what is being read before it is", async () => {
    const { made, end } = slow();
    expect(made.latest()).toBeUndefined();
    const read = made.read({ path: "a", stated: { dcAt: "corner" } });
    expect(made.latest()?.stated).toEqual({ dcAt: "corner" });
    end("a");
    expect(await read).toBe("a 1");
  });
});
