import type { SettingOrigin } from "../../../src/config/payload.ts";
import { outputs } from "../../../src/runs/outputs.ts";
import { joinPath } from "../../../src/runs/paths.ts";
import { readingFor } from "../../../src/runs/readingFor.ts";
import { readJson } from "../../../src/runs/store.ts";
import { type RunRequest, requestPath, runFolder } from "../runEntries.ts";
import type { Answers } from "./answer.ts";
import { lastFolder } from "./runs.ts";

export const refinement: Answers<"refinement"> = async ({ id, engine, epochs }, { home: { store } }) => {
  const { scan } = (await readJson(requestPath(id), store)) as RunRequest;
  const { overridden } = (await readJson(joinPath(runFolder(id), outputs.run), store)) as {
    readonly overridden: readonly SettingOrigin[];
  };
  return {
    ...{ kind: "reconstruct", scan },
    settings: {
      ...readingFor("reconstruction", overridden),
      ...{ engine, init: await lastFolder(id, store) },
      ...(epochs === undefined ? {} : { epochs }),
    },
  };
};
