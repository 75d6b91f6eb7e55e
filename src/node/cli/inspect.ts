import { readingSettings, statedOptions } from "../../config/dataConfig.ts";
import { parseSettings } from "../../config/schema.ts";
import { printableLine } from "../../printable.ts";
import { runDoctor, runFix } from "../../runs/doctor.ts";
import { runInspection } from "../../runs/inspect.ts";
import { examinationReport, fixReport } from "../../scans/doctor/report.ts";
import { inspectReport } from "../../scans/inspect/report.ts";
import type { ScanOptions } from "../../scans/scanOptions.ts";

import type { Command, CommandContext } from "./command.ts";
import type { Flag, ParsedFlags } from "./flags.ts";
import { withFlags } from "./flagWords.ts";
import { schemaFlags } from "./schemaFlags.ts";

/** Settings that say how the file is read and which frames are left out. */
const read: readonly string[] = [...readingSettings, "skipFrames", "useFrames", "skipOutlyingFrames"];
const isReading = (name: string): boolean => read.includes(name);

const ownFlags: readonly Flag[] = [
  {
    name: "json",
    kind: "boolean",
    section: "General",
    description: "Print JSON.",
  },
  {
    name: "doctor",
    kind: "boolean",
    section: "General",
    description:
      "Measure what the file does not say: a table of quantity, what was found, the evidence, how sure it is, and the flags that answer.",
  },
  {
    name: "fix",
    kind: "text",
    section: "Files",
    description:
      "With the doctor's findings: write the scan to this new file, in the format that its name says, with what is sure applied. What is not sure is left, and said.",
  },
];

/** `ptychonaut inspect`: what a scan file holds, and the flags that `train` and `infer` need to read it. */
export const inspectCommand: Command = {
  usage: "SCAN.npz [options]",
  details:
    "Needs to be told nothing. What is said with the options below is taken as true, so repeat the command with the flags that it advises until nothing is left. Ends with exit code 2 while there are errors: train and infer would refuse the scan, or read it wrongly.",
  examples: ["ptychonaut inspect scan.npz", "ptychonaut inspect raw.npz --measurement counts --dc_at corner"],
  flags: [...ownFlags, ...schemaFlags(["data"], "inference").filter(({ name }) => isReading(name))],
  positionals: ["SCAN.npz"],
  scan: "positional",
  run: async ({ values, positionals }: ParsedFlags, context: CommandContext) => {
    if (values["doctor"] === true || values["fix"] !== undefined) return examine(values, positionals[0], context);
    const inspection = await runInspection(
      positionals[0],
      stated(values),
      context.home,
      values["skipOutlyingFrames"] === true,
    );
    const report = values["json"] === true ? `${JSON.stringify(inspection, null, 2)}\n` : inspectReport(inspection);
    context.print(withFlags(report));
    return inspection.findings.some(({ severity }) => severity === "error") ? 2 : 0;
  },
};

async function examine(values: ParsedFlags["values"], path: string, context: CommandContext): Promise<number> {
  const { fix: output, config, json } = values;
  const said = stated(values);
  const hooks = context.hooks(values["quiet"] === true);
  const examination = await runDoctor(path, said, context.home, hooks);
  const isJson = json === true;
  if (!isJson) context.print(withFlags(examinationReport(examination)));
  const alsoRead = typeof config === "string" ? { alsoRead: [config] } : {};
  const fix =
    typeof output === "string"
      ? await runFix({ input: path, output, stated: said, ...alsoRead }, examination, hooks, context.home)
      : undefined;
  if (isJson) {
    const report = fix === undefined ? examination : { ...examination, fix };
    context.print(withFlags(`${JSON.stringify(report, null, 2)}\n`));
  } else if (fix !== undefined) context.print(withFlags(fixReport(fix)));
  for (const file of fix?.files ?? []) hooks.log(`wrote ${printableLine(file)}`);
  return 0;
}

/** Only what was said: a default is no statement about a file. */
function stated(values: Readonly<Record<string, unknown>>): ScanOptions {
  const said = Object.fromEntries(Object.entries(values).filter(([name]) => isReading(name)));
  const names = Object.keys(said).map((name) => ({ name }));
  return statedOptions(parseSettings("data", said), names);
}
