import { describe, expect, it } from "vitest";
import { SCANS, samplePath, scanFolder, shownPlace } from "../../web/worker/scanPlaces.ts";

const file = (name: string, text = "abc", lastModified = 1000): File => new File([text], name, { lastModified });
const ranged = (change: object = {}) => ({
  name: "a.h5",
  address: "http://here/a.h5",
  size: 3,
  stamp: "one",
  ...change,
});

describe("the folder of files that were opened together", () => {
  const pair = [file("a.npz"), file("b.npz")];
  it("is another one for other files, whatever they are called, and the same for the same", () => {
    const others = [
      [file("a.npz"), file("b.npz", "abcd")],
      [file("a.npz"), file("b.npz", "abc", 1001)],
      [file("a.npz"), file("c.npz")],
      [file("a.npz")],
      [ranged()],
      [ranged({ stamp: "two" })],
      [ranged({ address: "http://here/b/a.h5" })],
    ];
    expect(new Set([pair, ...others].map(scanFolder)).size).toBe(1 + others.length);
    expect(scanFolder([file("a.npz"), file("b.npz")])).toBe(scanFolder(pair));
    expect(scanFolder([ranged()])).toBe(scanFolder([ranged()]));
  });

  it("is called as the first one, and files in it as they were", () => {
    const folder = scanFolder(pair);
    expect(shownPlace(folder)).toBe("a.npz");
    expect(shownPlace(`${folder}/b.npz:/entry/data`)).toBe("b.npz:/entry/data");
    // What earlier versions kept, what was simulated, and what no scan is.
    expect(shownPlace(`${SCANS}/a.npz/b.npz`)).toBe("b.npz");
    expect(shownPlace(`${SCANS}/a.npz`)).toBe("a.npz");
    expect(shownPlace(samplePath("leaves.npz"))).toBe("leaves.npz");
    expect(shownPlace("/runs/a/run.json")).toBe("/runs/a/run.json");
  });
});
