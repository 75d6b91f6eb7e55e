import { readingSettings, statedOptions } from "../../config/dataConfig.ts";
import { parseSettings } from "../../config/schema.ts";
import { PtychonautError } from "../../errors.ts";
import { printableLine } from "../../printable.ts";
import { checkFixOutput, runDoctor, runFix } from "../../runs/doctor.ts";
import { claimPicture } from "../../runs/doctorPicture.ts";
import { runInspection } from "../../runs/inspect.ts";
import { inspectRun } from "../../runs/inspectRun.ts";
import { examinationReport, fixReport } from "../../scans/doctor/report.ts";
import { inspectReport } from "../../scans/inspect/report.ts";
import type { ScanOptions } from "../../scans/scanOptions.ts";

import { type Command, type CommandContext, overwriteFlag } from "./command.ts";
import type { Flag, ParsedFlags } from "./flags.ts";
import { withFlags } from "./flagWords.ts";
import { runReport } from "./runReport.ts";
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
  {
    name: "picture",
    kind: "text",
    section: "Files",
    description:
      "With the doctor's findings: draw the mean pattern with its centre, the pixels that are not to be trusted, the path and the counts of the frames into this new file (.png, .svg, .pdf).",
  },
];

/** `ptychonaut inspect`: what a scan file holds, and the flags that `train` and `infer` need to read it. */
export const inspectCommand: Command = {
  usage: "SCAN.npz|RECONSTRUCTION.npz|RUN [options]",
  details:
    "Needs to be told nothing. What is said with the options below is taken as true, so repeat the command with the flags that it advises until nothing is left. Ends with exit code 2 while there are errors: train and infer would refuse the scan, or read it wrongly. Of a reconstruction, a model, or the folder of a run it says what it holds and what made it.",
  examples: [
    "ptychonaut inspect scan.npz",
    "ptychonaut inspect raw.npz --measurement counts --dc_at corner",
    "ptychonaut inspect --doctor raw.npz --fix scan.npz --picture findings.png",
  ],
  flags: [...ownFlags, overwriteFlag, ...schemaFlags(["data"], "inference").filter(({ name }) => isReading(name))],
  positionals: ["SCAN.npz"],
  scan: "positional",
  run: async ({ values, positionals }: ParsedFlags, context: CommandContext) => {
    if (["doctor", "fix", "picture", "overwrite"].some((name) => values[name] !== undefined && values[name] !== false))
      return examine(values, positionals[0], context);
    const left =
      Object.keys(stated(values)).length === 0 ? await inspectRun(positionals[0], context.home.store) : undefined;
    if (left !== undefined) {
      context.print(values["json"] === true ? `${JSON.stringify(left, null, 2)}\n` : runReport(left));
      return 0;
    }
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
  const { fix: output, config, json, picture } = values;
  if (values["skipOutlyingFrames"] === true)
    throw new PtychonautError(
      "usage",
      "the doctor names the frames that stand out, and leaves them out of what it fixes",
      {
        got: "--skip_outlying_frames",
        fix: "leave it out, or name frames with --skip_frames",
      },
    );
  const said = stated(values);
  const inputs = [path, ...(typeof config === "string" ? [config] : [])];
  const overwrite = values["overwrite"] === true;
  if (overwrite && output === undefined && picture === undefined)
    throw new PtychonautError("usage", "--overwrite says what may go, and nothing is written", {
      expected: "--fix or --picture beside it",
      fix: "leave it out",
    });
  const drawing =
    typeof picture === "string" ? await claimPicture(picture, { inputs, overwrite }, context.home) : undefined;
  const alsoRead = typeof config === "string" ? { alsoRead: [config] } : {};
  const request =
    typeof output === "string" ? { input: path, output, overwrite, stated: said, ...alsoRead } : undefined;
  if (request !== undefined) await checkFixOutput(request, context.home);
  const hooks = context.hooks(values["quiet"] === true);
  const examination = await runDoctor(path, said, context.home, hooks, drawing);
  if (typeof picture === "string") hooks.log(`wrote ${printableLine(picture)}`);
  const isJson = json === true;
  if (!isJson) context.print(withFlags(examinationReport(examination)));
  const fix = request === undefined ? undefined : await runFix(request, examination, hooks, context.home);
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
