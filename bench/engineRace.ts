import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { residentPeak } from "./residentPeak.ts";
import { Rival } from "./rival.ts";

/** One engine on one scan. */
export interface Cell {
  readonly side: number;
  readonly modes: number;
  readonly threads: number;
  readonly engine: string;
}

export interface RaceSettings {
  readonly python: string;
  readonly scan: string;
  /** Of the scan. */
  readonly patterns: number;
  /** For what programs leave there. */
  readonly folder: string;
  /** Of `PROGRAMS`. */
  readonly programs: readonly string[];
  /** The most of one program. */
  readonly epochs: number;
  /** The most of one program. */
  readonly seconds: number;
  /** Whether everybody else on the machine waits for the programs; only root can ask for it. */
  readonly alone: boolean;
}

export interface Epoch {
  /** A pattern. */
  readonly milliseconds: number;
  readonly error: number;
}

/** What became of one program in one cell. */
export interface Raced {
  /** Of `PROGRAMS`. */
  readonly program: string;
  /** As the program names it. */
  readonly name: string;
  readonly epochs: readonly Epoch[];
  readonly failed?: string;
  /** Bytes. */
  readonly peak: number;
}

/** Complex errors whose times are measured. */
export const TARGETS = [0.05, 0.02] as const;
/** Ours on whole pixels, ours between pixels, and other programs. */
export const PROGRAMS = ["ours", "between", "numpy", "ptylab", "ptychi"] as const;
/** Engines of other programs that are set beside ours. PtyLab's mPIE is rPIE with momentum; it has no other. */
const RIVALS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  epie: { numpy: "epie", ptylab: "ePIE", ptychi: "EPIE" },
  rpie: { ptylab: "mPIE", ptychi: "RPIE" },
  lsqml: { ptychi: "LSQML" },
  dm: { ptychi: "DM" },
};
/** Epochs that every program has: times of fewer say little. */
const LEAST_EPOCHS = 3;
/** How many times as long as the slower of ours to the last error another program may go on. */
const PATIENCE = 2;
/** Of pty-chi: as many frames a batch as our LSQML takes. */
const BATCH = "16";
/** Milliseconds after a turn of several threads: those that spin go to sleep. */
const PAUSE = 20;

/** Asks for another epoch: what it took, and the error after it. */
type Turn = () => Promise<Epoch>;

interface Contender {
  readonly program: string;
  readonly name: string;
  readonly process: Rival;
  readonly turn: Turn;
  readonly epochs: Epoch[];
  failed?: string;
}

/** Turns of an epoch, each program in its own process, which has the machine to itself meanwhile. */
export async function race(cell: Cell, settings: RaceSettings): Promise<Raced[]> {
  const found = join(settings.folder, "found.npy");
  const judge = await rival(settings, `files:${found}`, 1);
  const contenders = await Promise.all(
    settings.programs.flatMap((program) => contender(cell, settings, program, found, judge)),
  );
  if (settings.alone) for (const { pid } of [judge, ...contenders.map(({ process }) => process)]) putFirst(pid);
  for (let epoch = 0; epoch < settings.epochs; epoch++)
    // To and fro: who comes after whom makes a difference to caches.
    for (const one of epoch % 2 === 0 ? contenders : contenders.toReversed()) {
      if (isDone(one, contenders, settings)) continue;
      await takeTurn(one);
      if (cell.threads > 1) await pause(PAUSE);
    }
  const raced = contenders.map(({ program, name, epochs, failed, process }) => ({
    ...{ program, name, epochs, peak: residentPeak(process.pid) },
    ...(failed === undefined ? {} : { failed }),
  }));
  for (const { process } of [...contenders, { process: judge }]) process.end();
  return raced;
}

/** All threads of a process, before all that has no such priority. In turns, since some spin while they wait. */
function putFirst(pid: number): void {
  execFileSync("chrt", ["--all-tasks", "--rr", "--pid", "10", String(pid)]);
}

/** One, or none where the program has no such engine. */
function contender(
  { engine, threads }: Cell,
  settings: RaceSettings,
  program: string,
  found: string,
  judge: Rival,
): Promise<Contender>[] {
  const named = async (name: string, process: Promise<Rival>, turnOf: (process: Rival) => Turn): Promise<Contender> => {
    const started = await process;
    return { program, name, process: started, turn: turnOf(started), epochs: [] };
  };
  if (isOurs(program))
    return [
      named(engine, ours(settings, engine, program === "ours" ? "whole" : "bilinear", threads, found), (process) => {
        return async () => {
          const { ms_per_pattern: milliseconds } = (await process.ask(0)) as { ms_per_pattern: number };
          return { milliseconds, error: epochOf(await judge.ask(0)).error };
        };
      }),
    ];
  const name = RIVALS[engine]?.[program];
  if (name === undefined) return [];
  const started = rival(settings, `${program}:${name}`, threads);
  return [named(name, started, (process) => async () => epochOf(await process.ask(0)))];
}

const isOurs = (program: string): boolean => program === "ours" || program === "between";

function ours({ scan }: RaceSettings, engine: string, cutting: string, threads: number, found: string): Promise<Rival> {
  const script = fileURLToPath(new URL("enginesPart.ts", import.meta.url));
  const told = [scan, engine, cutting, String(threads), found];
  return Rival.run([process.execPath, "--import", "tsx", script, ...told], threads);
}

function rival({ python, scan }: RaceSettings, engine: string, threads: number): Promise<Rival> {
  const turns = ["--turns", "--epochs", "100000", "--threads", String(threads)];
  const chunks = JSON.stringify({ chunk_length: Number(BATCH) });
  const ofPtychi = ["--batch", BATCH, "--interpolation", "bilinear", "--settings", chunks];
  return Rival.start(python, "engines.py", [scan, "--engines", engine, ...turns, ...ofPtychi], threads);
}

/** From a line of `engines.py`. */
function epochOf(answer: unknown): Epoch {
  const line = answer as { failed?: string; ms_per_pattern: number; error: number };
  if (line.failed !== undefined) throw new Error(line.failed);
  return { milliseconds: line.ms_per_pattern, error: line.error };
}

async function takeTurn(contender: Contender): Promise<void> {
  try {
    contender.epochs.push(await contender.turn());
  } catch (error) {
    contender.failed = (error as Error).message;
  }
}

function isDone({ program, epochs, failed }: Contender, all: readonly Contender[], settings: RaceSettings): boolean {
  if (failed !== undefined) return true;
  if (epochs.length < LEAST_EPOCHS) return false;
  const { patterns, seconds: most } = settings;
  const [last] = TARGETS.slice(-1);
  const seconds = secondsOf(epochs, epochs.length, patterns);
  if (secondsTo(last, epochs, patterns) !== undefined || seconds > most) return true;
  if (isOurs(program)) return false;
  // Who takes so much longer is behind, and how far does not matter.
  const times = all.filter((one) => isOurs(one.program)).map((one) => secondsTo(last, one.epochs, patterns));
  return times.length > 0 && times.every((time) => time !== undefined && seconds > PATIENCE * time);
}

/** Until an error was reached. */
export function secondsTo(target: number, epochs: readonly Epoch[], patterns: number): number | undefined {
  const last = epochs.findIndex(({ error }) => error <= target);
  return last < 0 ? undefined : secondsOf(epochs, last + 1, patterns);
}

/** Of the first epochs. What is set up in the first is counted for nobody. */
export function secondsOf(epochs: readonly Epoch[], count: number, patterns: number): number {
  const times = epochs.map(({ milliseconds }) => milliseconds);
  times[0] = Math.min(times[0], times[1] ?? times[0]);
  return (times.slice(0, count).reduce((sum, value) => sum + value, 0) * patterns) / 1e3;
}
