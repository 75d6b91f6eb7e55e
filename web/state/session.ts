import { type ReadonlySignal, signal } from "@preact/signals";
import { PtychonautError } from "../../src/errors.ts";
import { alsoStated } from "../../src/scans/doctor/fix.ts";
import type { ScanOptions } from "../../src/scans/scanOptions.ts";
import { startWorker, type WorkerClient } from "../worker/client.ts";
import type { AboutWorker, FoundResult, GivenFile, ScanFacts } from "../worker/protocol.ts";
import { scanFolder } from "../worker/runEntries.ts";
import type { ScanAddress } from "../worker/scanAddress.ts";

/** A scan that is open, or that was refused, with what is known beside its file. */
export interface Session extends ScanAddress {
  readonly facts?: ScanFacts;
  /** Why it cannot be read as it is. */
  readonly refusal?: PtychonautError;
}

const current = signal<Session | undefined>(undefined);
const isOpening = signal<string | undefined>(undefined);
const trouble = signal<PtychonautError | undefined>(undefined);
const aboutWorker = signal<AboutWorker | undefined>(undefined);

export const session: ReadonlySignal<Session | undefined> = current;
/** The name of what is being opened. */
export const opening: ReadonlySignal<string | undefined> = isOpening;
/** Why nothing came of the last files that were opened. */
export const openingTrouble: ReadonlySignal<PtychonautError | undefined> = trouble;
/** Where the page computes and stores; undefined until it is known. */
export const about: ReadonlySignal<AboutWorker | undefined> = aboutWorker;

/** Answers questions about the open scan. Runs have workers of their own. */
export const looker: WorkerClient = startWorker();

/** Files by folder, for runs, whose workers have to be given them too. */
const filesIn = new Map<string, readonly GivenFile[]>();

/** The user's files that a path is of; none where the store has it. */
export const filesOf = (path: string): { readonly folder: string; readonly files: readonly GivenFile[] } => {
  const folder = path.slice(0, path.lastIndexOf("/"));
  return { folder, files: filesIn.get(folder) ?? [] };
};

looker.ask("about", undefined).then(
  (answer) => {
    aboutWorker.value = answer;
  },
  (error) => {
    trouble.value = asError(error);
  },
);

/** What there was in files that were opened. */
export interface OpenedFiles {
  /** The path of the scan that is open now; undefined where none was among them. */
  readonly scan?: string;
  readonly results: readonly FoundResult[];
}

/** Opens files: the first scan among them. @param name what they are called until they are there */
export async function openFiles(name: string, bring: () => Promise<readonly GivenFile[]>): Promise<OpenedFiles> {
  let [results, scan]: [OpenedFiles["results"], string?] = [[]];
  await openFrom(name, async () => {
    const files = await bring();
    if (files.length === 0) return undefined;
    const folder = scanFolder(files[0].name);
    filesIn.set(folder, files);
    const found = await looker.ask("mount", { folder, files });
    results = found.results;
    scan = found.scans[0];
    return scan;
  });
  return { results, ...(scan === undefined ? {} : { scan }) };
}

/** Takes a scan that is kept out of the store. @throws PtychonautError "usage" while a run works on it */
export async function forgetScan(path: string): Promise<void> {
  const { closed } = await looker.ask("forgetKept", { path });
  if (closed) current.value = undefined;
}

/** Opens a scan that has to be brought first. @param bring says where it is then; nowhere: the one that is open stays */
export async function openFrom(name: string, bring: () => Promise<string | undefined>): Promise<void> {
  isOpening.value = name;
  trouble.value = undefined;
  try {
    const path = await bring();
    if (path !== undefined) await openScan({ path, stated: {} });
  } catch (error) {
    trouble.value = asError(error);
  } finally {
    isOpening.value = undefined;
  }
}

/** Opens a scan of the store; where it is refused as it is, that is what the session says. */
export async function openScan(address: ScanAddress): Promise<void> {
  try {
    current.value = { ...address, facts: await looker.ask("openScan", address) };
  } catch (error) {
    current.value = { ...address, refusal: asError(error) };
  }
}

/** States something of the open scan, and reads it anew. */
export function stateScan(stated: ScanOptions): Promise<void> {
  const { value } = current;
  if (value === undefined) return Promise.resolve();
  return openScan({ path: value.path, stated: alsoStated(value.stated, stated) });
}

/** Takes back something that was stated, and reads the scan anew. */
export function unstateScan(name: keyof ScanOptions): Promise<void> {
  const { value } = current;
  if (value === undefined) return Promise.resolve();
  // That frames may have bad numbers is said with the frames that are left out.
  const gone: readonly string[] = name === "skipFrames" ? [name, "someLeftOut"] : [name];
  const stated = Object.fromEntries(Object.entries(value.stated).filter(([said]) => !gone.includes(said)));
  return openScan({ path: value.path, stated });
}

/** Whatever was thrown, in the words of the library. */
export function asError(error: unknown): PtychonautError {
  if (error instanceof PtychonautError) return error;
  return new PtychonautError("device", "something went wrong that should not", {
    got: error instanceof Error ? error.message : String(error),
    fix: "please report it",
  });
}
