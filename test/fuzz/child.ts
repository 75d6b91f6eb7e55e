/**
 * Reads mutated files one after the other and says so on standard output: `at I` before each, `fault {…}` after one that
 * a reader did not refuse properly. Arguments: target, seed, first, end. A child of its own, since what is looked
 * for ends or blocks processes.
 */
import { writeSync } from "node:fs";
import { PtychonautError } from "../../src/errors.ts";
import { fuzzed } from "./fuzzed.ts";
import { planted } from "./planted.ts";
import { targets } from "./targets.ts";

const [name, seed, first, end] = process.argv.slice(2);
const target = { ...targets, ...planted }[name];
const files = await target.seeds();
/** The other end may be slower than files are read. */
function say(line: string): void {
  let rest = Buffer.from(`${line}\n`);
  while (rest.length > 0)
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
    }
}

/** Memory may rise by so much whatever is read: the collector is in no hurry. */
const SLACK = 64 * 2 ** 20;
const peak = (): number => 1024 * process.resourceUsage().maxRSS;

for (const file of files) await target.read(file);
let known = peak();
for (let i = Number(first); i < Number(end); i++) {
  say(`at ${i}`);
  const bytes = fuzzed(files, Number(seed), i);
  try {
    await target.read(bytes);
  } catch (error) {
    if (!(error instanceof PtychonautError)) {
      const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      const where = error instanceof Error ? (error.stack ?? "").split("\n").slice(1, 4).join(" <") : "";
      say(`fault ${JSON.stringify({ kind: "crash", file: i, what: what.slice(0, 300), where })}`);
    }
  }
  const now = peak();
  if (now - known > 10 * bytes.length + SLACK) {
    const what = `${((now - known) / 2 ** 20).toFixed(0)} MiB for ${bytes.length} bytes`;
    say(`fault ${JSON.stringify({ kind: "memory", file: i, what, where: "" })}`);
  }
  known = Math.max(known, now);
}
say("done");
