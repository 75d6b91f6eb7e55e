import { expect, it } from "vitest";
import { openArrayFile } from "../../src/formats/containers.ts";
import { writeBlo } from "./framesWritten.ts";

const [ROWS, COLUMNS, N] = [2, 3, 4];
const frames = Array.from({ length: ROWS * COLUMNS }, (_, k) =>
  Uint8Array.from({ length: N * N }, (_, i) => 20 * k + i),
);

it("a NanoMegas file: frames without the bytes before each, in rows and columns", async () => {
  const bytes = writeBlo(ROWS, COLUMNS, N, frames);
  const file = await openArrayFile(bytes, "scan.blo");
  expect([file.container, file.keys]).toEqual(["BLO", ["frames"]]);
  expect(file.read("frames")).toEqual({
    ...{ shape: [ROWS * COLUMNS, N, N], dtype: "uint8" },
    data: Uint8Array.from(frames.flatMap((frame) => [...frame])),
  });
  expect(file.readImages("frames", 4, 1)).toEqual(frames[4]);
  expect([...file.attributes()["scan_shape"].data]).toEqual([ROWS, COLUMNS]);
  const cut = await openArrayFile(bytes.subarray(0, bytes.length - 1), "scan.blo");
  expect(cut.header("frames").shape).toEqual([5, N, N]);
  expect(cut.attributes()["warnings"].data).toEqual(["5 frames, but a scan of 2 × 3 = 6 positions"]);
  await expect(openArrayFile(bytes.subarray(0, 70), "scan.blo")).rejects.toThrow(/no whole frame/);
});
