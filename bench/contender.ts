import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";

/**
 * What the driver writes to a contender, one JSON line each. `check` asks for the losses of the first three training steps
 * or for a file of predicted patches; `time` for one step that is not counted and then `runs` that are; `learn` for the next
 * `epochs` of a training and then for a file of its weights.
 */
export type Request =
  | { readonly command: "check"; readonly path: string }
  | { readonly command: "time"; readonly runs: number }
  | { readonly command: "learn"; readonly epochs: number; readonly path: string };

/** What a contender writes: versions once its libraries are loaded, `ready` when it can take requests, then answers. */
export type Answer =
  | { readonly versions: Readonly<Record<string, string>> }
  | { readonly ready: true }
  | { readonly losses: readonly number[] }
  | { readonly patches: string }
  | { readonly milliseconds: readonly number[] }
  | Learned;

export interface Learned {
  /** Of the epochs, without writing the weights. */
  readonly seconds: number;
  /** Loss of the first step, before anything was learned in these epochs. */
  readonly firstLoss: number;
}

/** A process that works on one task, waiting between requests so that others can be timed. */
export class Contender {
  readonly name: string;
  readonly versions: Readonly<Record<string, string>>;
  /** Resident memory with the libraries loaded and nothing else, MiB; undefined where the system does not say. */
  readonly idleMemory: number | undefined;
  /** Seconds from the start of its process to the first request: loading libraries, building what it works with. */
  readonly setUp: number;
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;

  private constructor(
    name: string,
    process: ChildProcessWithoutNullStreams,
    answers: AsyncIterator<string>,
    versions: Readonly<Record<string, string>>,
    idleMemory: number | undefined,
    setUp: number,
  ) {
    this.name = name;
    this.#process = process;
    this.#answers = answers;
    this.versions = versions;
    this.idleMemory = idleMemory;
    this.setUp = setUp;
  }

  static async start(name: string, command: string, args: readonly string[]): Promise<Contender> {
    const started = performance.now();
    const child = spawn(command, args, { env: cleanEnvironment() });
    await once(child, "spawn");
    child.stderr.pipe(process.stderr);
    const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const { versions } = await nextAnswer<{ versions: Record<string, string> }>(name, answers);
    const idleMemory = await memoryOf(child.pid!, "VmRSS");
    await nextAnswer<{ ready: true }>(name, answers);
    const setUp = (performance.now() - started) / 1000;
    return new Contender(name, child, answers, versions, idleMemory, setUp);
  }

  /** Losses of the first training steps, or where the predicted patches were written. */
  async check(path: string): Promise<{ readonly losses: readonly number[] } | { readonly patches: string }> {
    return this.#ask({ command: "check", path });
  }

  async time(runs: number): Promise<readonly number[]> {
    return (await this.#ask<{ milliseconds: readonly number[] }>({ command: "time", runs })).milliseconds;
  }

  /** The next epochs of the training; the weights go to `path`. */
  learn(epochs: number, path: string): Promise<Learned> {
    return this.#ask<Learned>({ command: "learn", epochs, path });
  }

  /** Highest resident memory so far, MiB; undefined where the system does not say. */
  peakMemory(): Promise<number | undefined> {
    return memoryOf(this.#process.pid!, "VmHWM");
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const exited = once(this.#process, "exit");
    this.#process.stdin.end();
    await exited;
  }

  #ask<T>(request: Request): Promise<T> {
    this.#process.stdin.write(`${JSON.stringify(request)}\n`);
    return nextAnswer<T>(this.name, this.#answers);
  }
}

async function nextAnswer<T>(name: string, answers: AsyncIterator<string>): Promise<T> {
  const { value, done } = await answers.next();
  if (done === true) throw new Error(`${name} ended before it answered; see its messages above`);
  return JSON.parse(value) as T;
}

/**
 * From Linux's process table, the same for every contender. `getrusage` would not do: it counts what the process was
 * before it loaded its program.
 */
async function memoryOf(pid: number, field: "VmRSS" | "VmHWM"): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const kib = new RegExp(`^${field}:\\s*(\\d+) kB`, "m").exec(status)?.[1];
  return kib === undefined ? undefined : Number(kib) / 1024;
}

/** Settings of numerical libraries in the environment must favour nobody. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const tuning = /^(OPENBLAS|OMP|KMP|GOMP|MKL|DNNL|ONEDNN|TORCH|NODE_OPTIONS)(_|$)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !tuning.test(name)));
}
