import { statedOptions } from "../../../src/config/dataConfig.ts";
import type { GroupName, Settings } from "../../../src/config/group.ts";
import { snakeCase } from "../../../src/config/names.ts";
import type { PlannedChange } from "../../../src/config/payload.ts";
import { parseSettings } from "../../../src/config/schema.ts";
import { PtychonautError } from "../../../src/errors.ts";
import { hashAt } from "../../../src/runs/openArrays.ts";
import { baseName } from "../../../src/runs/paths.ts";
import { readSavedRun, repeatRequest, type SavedRun } from "../../../src/runs/savedRun.ts";
import type { Answers, Desk } from "./answer.ts";

/** The request that makes a run again, of which there is the `run.json` and, among some, the scan. */
export const again: Answers<"again"> = async ({ path, scans, models }, { home }) => {
  const run = await readSavedRun(path, home.store);
  const { command, request } = repeatRequest(run, "");
  const inputs = [...run.inputs];
  const [bundle] = command === "infer" ? inputs.splice(0, 1) : [];
  if (inputs.length > 1)
    throw new PtychonautError("usage", "the run has several inputs, and the page works on one scan", {
      where: baseName(path),
      got: inputs.map((input) => baseName(input.path)).join(", "),
      fix: "repeat it on the command line: ptychonaut rerun",
    });
  const scan = await theOne("scan", inputs[0], scans, home);
  const model = bundle && (await theOne("model", bundle, models, home));
  const { changes } = request as { readonly changes?: readonly PlannedChange[] };
  const { execution = {}, ...groups } = request.file as Readonly<Partial<Record<GroupName, Settings>>>;
  // A count of frames is a statement about a use of the file, which its settings make.
  const { someLeftOut: __, ...stated } = statedOptions(parseSettings("data", run.settings.data), run.overridden);
  return {
    work: {
      kind: command,
      ...(model === undefined ? {} : { model }),
      ...(changes === undefined ? {} : { changes }),
      scan: { path: scan, stated },
      settings: Object.assign({}, ...Object.values(groups)) as Settings,
    },
    leftOut: Object.keys(execution).map(snakeCase),
  };
};

/** @throws PtychonautError "data" where none of the files is the one that the run had */
async function theOne(
  what: "scan" | "model",
  { path, sha256 }: SavedRun["inputs"][number],
  files: readonly string[],
  home: Desk["home"],
): Promise<string> {
  for (const file of files) if ((await hashAt(file, home)) === sha256) return file;
  const name = baseName(path);
  const changed = files.some((file) => baseName(file) === name);
  throw new PtychonautError(
    "data",
    changed ? `the ${what} is not the file that it was` : `the ${what} of this run is not open`,
    {
      where: name,
      expected: `the file with the SHA-256 ${sha256}`,
      got: files.length === 0 ? `no ${what}` : files.map(baseName).join(", "),
      fix: changed ? "drop the one that the run had" : `drop ${name} together with run.json, or open it first`,
    },
  );
}
