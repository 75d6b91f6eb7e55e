/**
 * Opens a file that is larger than 2 GiB in the page, in Chromium, and looks at it end to end:
 * `npm run bench:large-page -- [--gib 2.2] [--side 256] [--file npz|cxi] [--folder DIR]`.
 *
 * The file is chosen as a user chooses one. Timed are reading it, its last pattern, the sum of all patterns and the doctor;
 * the last pattern's number is compared with what was written. Memory is the highest resident memory of any of the browser's
 * processes (VmHWM, Linux only).
 */

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { nodeStore } from "../src/node/store.ts";
import { fileToWrite } from "../src/runs/outputFile.ts";
import { writeArchive } from "../src/runs/store.ts";
import { cxiWriter } from "../src/scans/writers/cxi.ts";
import type { FramesToWrite } from "../src/scans/writers/framesToWrite.ts";
import { writeScanFrames } from "../src/scans/writeScanNpz.ts";
import { servePage } from "../test/browser/pageSite.ts";
import { numberText } from "../web/canvas/words.ts";
import { residentPeak } from "./residentPeak.ts";
import { tiledScan } from "./tiledScan.ts";

const { values } = parseArgs({
  options: {
    gib: { type: "string", default: "2.2" },
    side: { type: "string", default: "256" },
    file: { type: "string", default: "cxi" },
    folder: { type: "string", default: tmpdir() },
  },
});
const GIB = 2 ** 30;
const side = Number(values.side);
const count = Math.ceil((Number(values.gib) * GIB) / (4 * side * side));
const folder = mkdtempSync(join(values.folder, "ptychonaut-large-page-"));
// Whatever way this ends, gigabytes do not stay behind.
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
process.on("SIGINT", () => process.exit(130));

/** Counts of one pixel of the last pattern alone. */
const MARK = 1e8;
const file = join(folder, `scan.${values.file}`);
await timed("written", async () => {
  const tiled = tiledScan(side, count, { wavelengthM: 1e-10, detectorDistanceM: 2, detectorPixelM: 75e-6 });
  const scan: FramesToWrite = { ...tiled, frames: () => marked(tiled.frames() as Iterable<Float32Array>) };
  if (values.file === "npz") await writeArchive(file, (writer) => writeScanFrames(writer, scan), nodeStore);
  else await cxiWriter.write(scan, [fileToWrite(file, nodeStore)], { compress: false, history: [] });
});
console.log(
  `${count} patterns of ${side} x ${side}, a file of ${(statSync(file).size / GIB).toFixed(2)} GiB: ${values.file}`,
);

const site = await servePage();
try {
  const { page, context } = await site.open();
  page.setDefaultTimeout(20 * 60_000);
  await timed("opened", async () => {
    await page.getByLabel("Choose files").setInputFiles(file);
    await page.getByText(`${count} of ${side} × ${side} pixels`).waitFor();
  });
  await page.getByRole("navigation").getByRole("link", { name: "Patterns" }).click();
  await page.getByLabel(/^pattern 0; /).waitFor();
  await timed("the last pattern", async () => {
    await page.getByLabel(`Pattern 0 of ${count}`).press("End");
    const most = numberText(values.file === "npz" ? Math.sqrt(MARK) : MARK);
    await page.getByLabel(new RegExp(`^pattern ${count - 1}; .* to ${most}\\b`)).waitFor();
  });
  await timed("the maximum of all patterns", async () => {
    await page.getByRole("button", { name: "Maximum" }).click();
    await page.getByLabel(/^maximum/).waitFor();
  });
  await timed("the doctor", async () => {
    await page.getByRole("navigation").getByRole("link", { name: "Doctor" }).click();
    await page.getByText("What was found").waitFor();
  });
  await context.close();
} finally {
  await site.close();
}

/** Frames with a pixel of the last one as bright as none else. */
function* marked(frames: Iterable<Float32Array>): Generator<Float32Array> {
  let seen = 0;
  for (const block of frames) {
    seen += block.length / (side * side);
    if (seen === count) block[block.length - side * side] = MARK;
    yield block;
  }
}

async function timed(what: string, work: () => Promise<void>): Promise<void> {
  const begun = performance.now();
  await work();
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  console.log(`${what}: ${seconds} s, ${(largestChild() / GIB).toFixed(2)} GiB at most in one process`);
}

/** Of all processes that come from this one, bytes. */
function largestChild(): number {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry)))
    try {
      const words = readFileSync(`/proc/${name}/stat`, "utf8")
        .replace(/^.*\) /, "")
        .split(" ");
      parents.set(Number(name), Number(words[1]));
    } catch {
      // It has ended.
    }
  const isOurs = (pid: number): boolean => {
    for (let at = parents.get(pid); at !== undefined && at > 1; at = parents.get(at))
      if (at === process.pid) return true;
    return false;
  };
  return Math.max(0, ...[...parents.keys()].filter(isOurs).map(residentPeak));
}
