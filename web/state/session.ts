import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { PtychonautError } from "../../src/errors.ts";
import { alsoStated } from "../../src/scans/doctor/fix.ts";
import type { ScanOptions } from "../../src/scans/scanOptions.ts";
import { startWorker, type WorkerClient } from "../worker/client.ts";
import type { AboutWorker, FoundResult, GivenFile, MountedFiles, ScanFacts } from "../worker/protocol.ts";
import type { ScanAddress } from "../worker/scanAddress.ts";
import { scanFolder, unmarkedFolder } from "../worker/scanPlaces.ts";
import { readings } from "./readings.ts";

/** A scan that is open, or that was refused, with what is known beside its file. */
export interface Session extends ScanAddress {
  /** Another one whenever it is read, also the same file anew. */
  readonly serial: number;
  readonly facts?: ScanFacts;
  /** Why it cannot be read as it is. */
  readonly refusal?: PtychonautError;
}

const current = signal<Session | undefined>(undefined);
const openings = signal<readonly { readonly name: string }[]>([]);
const beingRead = signal(0);
const trouble = signal<PtychonautError | undefined>(undefined);
const aboutWorker = signal<AboutWorker | undefined>(undefined);

export const session: ReadonlySignal<Session | undefined> = current;
/** The name of what is being opened, of several the last one. */
export const opening: ReadonlySignal<string | undefined> = computed(() => openings.value.at(-1)?.name);
/** Whether a scan is being read: the one that is open, as it is stated now, or another one. */
export const isReading: ReadonlySignal<boolean> = computed(() => beingRead.value > 0);
/** Why nothing came of the last files that were opened. */
export const openingTrouble: ReadonlySignal<PtychonautError | undefined> = trouble;
/** Where the page computes and stores; undefined until it is known. */
export const about: ReadonlySignal<AboutWorker | undefined> = aboutWorker;

/** Answers questions about the open scan. Runs have workers of their own. */
export const looker: WorkerClient = startWorker();

/** Files by folder, for runs, whose workers have to be given them too. */
const filesIn = new Map<string, readonly GivenFile[]>();

/** The user's files that a path is of, or that are together under it; undefined where the store has it. */
export function filesOf(path: string): MountedFiles | undefined {
  const around = path.slice(0, path.lastIndexOf("/"));
  for (const folder of [path, around]) {
    const files = filesIn.get(folder);
    if (files !== undefined) return { folder, files };
    // What was too large to be kept by an earlier version is asked for by the name alone.
    const named = [...filesIn.values()].findLast(([first]) => unmarkedFolder(first.name) === folder);
    if (named !== undefined) return { folder, files: named, unlessKept: true };
  }
  return undefined;
}

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
  /** The path of the scan that is open now; undefined where none was among them, or another one was opened meanwhile. */
  readonly scan?: string;
  readonly results: readonly FoundResult[];
}

/** Opens files: the first scan among them. @param name what they are called until they are there */
export async function openFiles(name: string, bring: () => Promise<readonly GivenFile[]>): Promise<OpenedFiles> {
  let [results, scan]: [OpenedFiles["results"], string?] = [[]];
  const isOpen = await openFrom(name, async () => {
    const files = await bring();
    if (files.length === 0) return undefined;
    const folder = scanFolder(files);
    const found = await looker.ask("mount", { folder, files });
    // The last one is found first.
    filesIn.delete(folder);
    filesIn.set(folder, files);
    results = found.results;
    scan = found.scans[0];
    return scan;
  });
  return { results, ...(scan === undefined || !isOpen ? {} : { scan }) };
}

/** Takes a scan that is kept out of the store. @throws PtychonautError "usage" while a run works on it */
export async function forgetScan(path: string): Promise<void> {
  const { closed } = await looker.ask("forgetKept", { path });
  if (closed) current.value = undefined;
}

/**
 * Opens a scan that has to be brought first. One that was wished for later, and is there before, stays.
 * @param bring says where it is then; nowhere: the one that is open stays
 * @returns whether it is the one that is open now
 */
export async function openFrom(name: string, bring: () => Promise<string | undefined>): Promise<boolean> {
  const [turn, mine] = [scanReadings.turn(), { name }];
  openings.value = [...openings.value, mine];
  trouble.value = undefined;
  try {
    const path = await bring();
    return path !== undefined && (await openScan({ path, stated: {} }, turn));
  } catch (error) {
    trouble.value = asError(error);
    return false;
  } finally {
    openings.value = openings.value.filter((one) => one !== mine);
  }
}

const scanReadings = readings<Session>(async (address, serial) => {
  try {
    return { ...address, serial, facts: await looker.ask("openScan", { ...address, serial }) };
  } catch (error) {
    return { ...address, serial, refusal: asError(error) };
  }
});

/**
 * Opens a scan of the store; where it is refused as it is, that is what the session says.
 * @param turn when it was wished for. Default: now
 * @returns whether it is the one that is open now
 */
export const openScan = (address: ScanAddress, turn?: number): Promise<boolean> =>
  taken(scanReadings.read(address, turn));

async function taken(reading: Promise<Session | undefined>): Promise<boolean> {
  beingRead.value++;
  const read = await reading;
  beingRead.value--;
  if (read !== undefined) current.value = read;
  return read !== undefined;
}

/** States something of the open scan, and reads it anew. */
export const stateScan = (says: ScanOptions): Promise<void> => restate((stated) => alsoStated(stated, says));

/** Takes back something that was stated, and reads the scan anew. */
export function unstateScan(name: keyof ScanOptions): Promise<void> {
  // That frames may have bad numbers is said with the frames that are left out.
  const gone: readonly string[] = name === "skipFrames" ? [name, "someLeftOut"] : [name];
  return restate((stated) => Object.fromEntries(Object.entries(stated).filter(([said]) => !gone.includes(said))));
}

/** @param change is given what was said last, which may be being read */
async function restate(change: (stated: ScanOptions) => ScanOptions): Promise<void> {
  // Of another scan that is being read nothing was said.
  if (current.value !== undefined && current.value.path === scanReadings.latest()?.path)
    await taken(scanReadings.restate(change));
}

/** Whatever was thrown, in the words of the library. */
export function asError(error: unknown): PtychonautError {
  if (error instanceof PtychonautError) return error;
  return new PtychonautError("device", "something went wrong that should not", {
    got: error instanceof Error ? error.message : String(error),
    fix: "please report it",
  });
}
