import type { Settings } from "../../config/group.ts";
import type { PayloadKind } from "../../config/names.ts";
import { groupOf } from "../../config/schema.ts";
import { PtychonautError } from "../../errors.ts";
import { overwriteFlag } from "./command.ts";
import { readConfigFile } from "./configFile.ts";
import type { Flag } from "./flags.ts";

/** Flags that `train` and `infer` share beside the settings. */
export const sharedRunFlags: readonly Flag[] = [
  {
    name: "outputDir",
    kind: "text",
    section: "Files",
    description: "Folder for everything that the run writes; created with its parents.",
    required: true,
  },
  overwriteFlag,
  {
    name: "device",
    kind: "text",
    choices: ["cpu", "cuda"],
    section: "Deprecated",
    description: "Use --accelerator.",
    deprecated: "use --accelerator",
  },
  {
    name: "disableMlflow",
    kind: "boolean",
    section: "Deprecated",
    description: "Use --logger none.",
    deprecated: "use --logger none",
  },
  {
    name: "backend",
    kind: "text",
    section: "Deprecated",
    description: "",
    hidden: true,
    deprecated: "there is one backend",
  },
];

export interface SplitSettings {
  readonly overrides: Settings;
  readonly executionConfig: Settings;
}

/**
 * Sorts what the command line gave into settings of the science and of the execution, after mapping deprecated flags
 * and --quiet. Flags that are not settings are left out.
 */
export function splitSettings(values: Readonly<Record<string, unknown>>, kind?: PayloadKind): SplitSettings {
  const given: Record<string, unknown> = { ...values };
  mapDevice(given);
  if (given["disableMlflow"] === true) {
    if (given["loggerBackend"] === "mlflow") {
      throw new PtychonautError("usage", "contradictory flags: --logger mlflow and --disable_mlflow");
    }
    given["loggerBackend"] ??= "none";
    given["enableProgressBar"] ??= false;
  }
  if (given["quiet"] === true) given["enableProgressBar"] = false;
  const overrides: Record<string, unknown> = {};
  const executionConfig: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    const group = groupOf(name, kind);
    if (group === "execution") executionConfig[name] = value;
    else if (group !== undefined) overrides[name] = value;
  }
  return { overrides, executionConfig };
}

/** `--accelerator` wins over the deprecated `--device`; `auto` and nothing leave the word to it. */
function mapDevice(given: Record<string, unknown>): void {
  const device = given["device"];
  if (device === undefined) return;
  const accelerator = given["accelerator"] ?? "auto";
  given["accelerator"] = accelerator !== "auto" ? accelerator : device === "cpu" ? "cpu" : "gpu";
}

/** Settings from the file named by --config. @throws PtychonautError with file and line of what is wrong */
export async function configFile(path: unknown, kind: PayloadKind): Promise<Settings> {
  return typeof path === "string" ? readConfigFile(path, kind) : {};
}
