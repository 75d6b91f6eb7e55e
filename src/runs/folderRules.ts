import type { FolderClaim, WritingCommand } from "../config/fileProbe.ts";
import { PtychonautError, setting } from "../errors.ts";
import { PICTURE_FORMATS } from "../pictures/pictureWriter.ts";
import { reconstructionWriters } from "../reconstructions/registry.ts";
import { scanWriters } from "../scans/writers/registry.ts";
import { outputs, subfolders } from "./outputs.ts";
import { joinPath } from "./paths.ts";
import { filesOf } from "./reconstructionNames.ts";
import { refinedProbe } from "./refinedProbe.ts";

/** What is in an output folder, as far as it says whose it is. */
export interface FolderContents {
  /** Names of files, those in `checkpoints` as `checkpoints/NAME`. */
  readonly names: readonly string[];
  /** What its `run.json` says wrote it; absent without one, or when that cannot be read. */
  readonly writtenBy?: string;
}

interface Products {
  /** What the command replaces. */
  readonly names: readonly (string | RegExp)[];
  /** What only this command leaves, so that a run that ended before its `run.json` is known by it. */
  readonly own?: string;
  /** What a run leaves that was killed before `own`; it says itself whose it is when it is gone on with. */
  readonly begun?: string;
  /** What is beside it only where another command left both. */
  readonly notBeside?: string;
  /** Whether the same command makes it anew in its own folder: it does not where that would cost a run of hours. */
  readonly again: boolean;
}

/** In every format that pictures have. */
const picturesOf = (...names: (keyof typeof outputs.pictures)[]): string[] =>
  names.flatMap((name) => PICTURE_FORMATS.map((format) => `${outputs.pictures[name]}.${format}`));

const products: Readonly<Record<WritingCommand, Products>> = {
  train: {
    names: [
      ...[outputs.run, outputs.model, outputs.training, outputs.intensities],
      ...picturesOf("training"),
      /^probe(_\d+)?\.[a-z]+$/,
      /^checkpoints\/.*\.ckpt\.zip$/,
    ],
    again: false,
  },
  // A training leaves more than the model.
  "import-weights": { names: [outputs.model], own: outputs.model, notBeside: outputs.training, again: true },
  infer: {
    names: [
      ...[outputs.run, outputs.reconstruction, outputs.metrics, outputs.confidence],
      ...reconstructionWriters.flatMap(filesOf),
      ...picturesOf("amplitude", "phase", "scan", "patterns", "probe", "confidence"),
      refinedProbe.file,
    ],
    own: outputs.reconstruction,
    notBeside: outputs.course,
    again: true,
  },
  reconstruct: {
    names: [
      ...[outputs.run, outputs.reconstruction, outputs.course, outputs.positions, outputs.variations],
      ...[outputs.metrics, outputs.confidence],
      ...reconstructionWriters.flatMap(filesOf),
      ...picturesOf("amplitude", "phase", "scan", "patterns", "probe", "error", "slices", "objectModes", "confidence"),
      /^probe\.npz$/,
      /^checkpoints\/.*\.ckpt\.zip$/,
    ],
    own: outputs.course,
    begun: joinPath(subfolders.checkpoints, "last.ckpt.zip"),
    again: false,
  },
  compare: {
    names: [outputs.run, ...Object.values(outputs.comparison), ...picturesOf("comparison")],
    own: outputs.comparison.summary,
    again: true,
  },
  benchmark: {
    names: [outputs.benchmark.results, outputs.benchmark.row],
    own: outputs.benchmark.results,
    again: true,
  },
  "benchmark data": { names: [outputs.benchmark.train, outputs.benchmark.test], again: false },
  split: { names: outputs.halves.flatMap(inEveryFormat), again: false },
};

/** The files of a scan of this name, whatever it is written as. */
function inEveryFormat(name: string): readonly string[] {
  return scanWriters.flatMap(({ endings, files }) =>
    endings.flatMap((ending) => files?.(name + ending) ?? [name + ending]),
  );
}

/** The files in a folder that a command would replace. */
export function replacedBy(command: WritingCommand, { names }: FolderContents): string[] {
  const written = products[command].names;
  return names.filter((name) => written.some((of) => (typeof of === "string" ? of === name : of.test(name))));
}

/**
 * Whether a command may write to a folder. It may where it replaces nothing, where it goes on with what is there, and, for
 * results that are made in minutes, where they are its own; else that must be asked for.
 * @throws PtychonautError "usage" with what would be lost
 */
export function checkFolder(folder: string, contents: FolderContents, claim: FolderClaim): void {
  const { command, overwrite, continues } = claim;
  const replaced = replacedBy(command, contents);
  if (replaced.length === 0 || overwrite === true) return;
  const { own, begun = "", notBeside = "", again } = products[command];
  const { writtenBy, names } = contents;
  const known = own === undefined || (replaced.includes(own) && !names.includes(notBeside));
  const cutOff = continues === true && replaced.includes(begun);
  const isOwn = writtenBy === undefined ? known || cutOff : writtenBy === command;
  if (isOwn && (again || continues === true)) return;
  const goOn =
    (command === "train" || command === "reconstruct") && isOwn ? `go on with it: ${setting("resume", "last")}, ` : "";
  const others = replaced.length > 4 ? ` and ${replaced.length - 4} more` : "";
  throw new PtychonautError("usage", "the output folder has results that would be lost", {
    where: folder,
    got: `${replaced.slice(0, 4).join(", ")}${others}${writtenBy === undefined ? "" : ` of ${writtenBy}`}`,
    fix: `${goOn}name another folder, or say that they may go: ${setting("overwrite")}`,
  });
}
