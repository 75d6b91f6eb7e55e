/**
 * `npm run fuzz -- [--files 10000] [--seed 1] [--target NAME] [--write N]`: every reader of files reads so many mutated
 * ones, and must read or refuse each: no other error, no crash, five seconds, ten times the file's memory. `--write N`
 * writes file N of a target to look at instead.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { campaign } from "./campaign.ts";
import { fuzzed } from "./fuzzed.ts";
import { targets } from "./targets.ts";

const { values } = parseArgs({
  options: {
    files: { type: "string", default: "10000" },
    seed: { type: "string", default: "1" },
    target: { type: "string" },
    write: { type: "string" },
  },
});
const seed = Number(values.seed);
const names = Object.keys(targets).filter((name) => values.target === undefined || name === values.target);
if (names.length === 0) throw new Error(`no target "${values.target}": one of ${Object.keys(targets).join(", ")}`);

if (values.write !== undefined) {
  const path = `fuzz-${names[0]}-${seed}-${values.write}`;
  writeFileSync(path, fuzzed(await targets[names[0]].seeds(), seed, Number(values.write)));
  console.log(`wrote ${path}`);
} else {
  for (const name of names) {
    const started = performance.now();
    const faults = await campaign(name, seed, Number(values.files));
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    console.log(`${name}: ${values.files} files in ${seconds} s, ${faults.length} faults`);
    for (const { kind, file, what, where } of faults) console.log(`  ${kind} ${file}: ${what} ${where}`);
    if (faults.length > 0) process.exitCode = 1;
  }
}
