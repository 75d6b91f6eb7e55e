import { readingSettings, statedOptions } from "../../config/dataConfig.ts";
import { parseSettings } from "../../config/schema.ts";
import { runDoctor } from "../../runs/doctor.ts";
import { runInspection } from "../../runs/inspect.ts";
import { examinationReport } from "../../scans/doctor/report.ts";
import { inspectReport } from "../../scans/inspect/report.ts";
import type { ScanOptions } from "../../scans/scanOptions.ts";

import type { Command, CommandContext } from "./command.ts";
import type { Flag, ParsedFlags } from "./flags.ts";
import { withFlags } from "./flagWords.ts";
import { schemaFlags } from "./schemaFlags.ts";

/** Settings that say how the file is read and which frames are left out. */
const read: readonly string[] = [...readingSettings, "skipFrames", "skipOutlyingFrames"];
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
];

/** `ptychonaut inspect`: what a scan file holds, and the flags that `train` and `infer` need to read it. */
export const inspectCommand: Command = {
  usage: "SCAN.npz [options]",
  details:
    "Needs to be told nothing. What is said with the options below is taken as true, so repeat the command with the flags that it advises until nothing is left. Ends with exit code 2 while there are errors: train and infer would refuse the scan, or read it wrongly.",
  examples: ["ptychonaut inspect scan.npz", "ptychonaut inspect raw.npz --measurement counts --dc_at corner"],
  flags: [...ownFlags, ...schemaFlags(["data"], "inference").filter(({ name }) => isReading(name))],
  positionals: ["SCAN.npz"],
  run: async ({ values, positionals }: ParsedFlags, context: CommandContext) => {
    if (values["doctor"] === true) return examine(values, positionals[0], context);
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
  const examination = await runDoctor(path, stated(values), context.home);
  const json = values["json"] === true;
  context.print(withFlags(json ? `${JSON.stringify(examination, null, 2)}\n` : examinationReport(examination)));
  return 0;
}

/** Only what was said: a default is no statement about a file. */
function stated(values: Readonly<Record<string, unknown>>): ScanOptions {
  const said = Object.fromEntries(Object.entries(values).filter(([name]) => isReading(name)));
  const names = Object.keys(said).map((name) => ({ name }));
  return statedOptions(parseSettings("data", said), names);
}
