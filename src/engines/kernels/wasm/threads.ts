import { PtychonautError } from "../../../errors.ts";
import { instantiate, type KernelCode, type WasmMemory, type WasmModule } from "./module.ts";

/** What a thread needs to take part; threads may pass it to each other. */
export interface ThreadStart {
  readonly module: WasmModule;
  /** Shared. */
  readonly memory: WasmMemory;
  /** Address of the job. */
  readonly job: number;
  readonly thread: number;
  readonly threads: number;
}

/** A thread as the one that started it knows it. */
export interface KernelThread {
  /** Why it ended, once that is known. */
  readonly failure: unknown;
  terminate(): Promise<void>;
}

/** Starts a thread that calls `serveKernels`, and waits until that is `ready`. */
export type StartThread = (start: ThreadStart) => Promise<KernelThread>;

export interface Job {
  readonly program: number;
  readonly end: number;
  /** Of the first thread; each has as many bytes. */
  readonly scratch: number;
  readonly scratchBytes: number;
  readonly partials: number;
}

/** Words of a job: how many there have been, what each is, whether to end, length of the reason of a failure. */
const WORDS = { count: 0, program: 1, end: 2, scratch: 3, scratchBytes: 4, partials: 5, quit: 6, reason: 7 } as const;
/** Bytes from a job's address: what threads wait with (`assembly/engines/threads.ts`), and the text of a reason. */
const STATE = 64;
const FAILED = STATE / 4 + 2;
const REASON = 128;
const REASON_BYTES = 384;
export const JOB_BYTES: number = REASON + REASON_BYTES;

/**
 * Turns round before a thread goes to sleep, some tenths of a millisecond: jobs follow each other closely, and to be woken
 * takes as long as a batch of small patterns.
 */
const SPINS = 20_000;

const stateOf = (job: number): number => job + STATE;

/** The other threads' side: takes part in every job until it is told to end. */
export function serveKernels({ module, memory, job, thread, threads }: ThreadStart, ready: () => void): void {
  const code = instantiate(module, memory);
  // The job lies at the beginning of memory: this view reaches it however much memory grows.
  const words = new Int32Array(memory.buffer, job, JOB_BYTES / 4);
  let seen = Atomics.load(words, WORDS.count);
  ready();
  while (true) {
    for (let i = 0; i < SPINS && Atomics.load(words, WORDS.count) === seen; i++);
    Atomics.wait(words, WORDS.count, seen);
    if (Atomics.load(words, WORDS.count) === seen) continue;
    seen = Atomics.load(words, WORDS.count);
    if (words[WORDS.quit] !== 0) return;
    const [program, end, scratch, bytes, partials] = Array.from(words.subarray(WORDS.program, WORDS.quit), unsigned);
    try {
      code.run(program, end, scratch + thread * bytes, partials, stateOf(job), thread, threads);
    } catch (error) {
      tellFailure(words, error);
      throw error;
    }
  }
}

const unsigned = (word: number): number => word >>> 0;

/** Wakes whoever waits for this thread. */
function tellFailure(words: Int32Array, error: unknown): void {
  const text = new TextEncoder().encode(String(error)).subarray(0, REASON_BYTES);
  new Uint8Array(words.buffer, words.byteOffset + REASON, REASON_BYTES).set(text);
  words[WORDS.reason] = text.length;
  Atomics.store(words, FAILED, 1);
  Atomics.notify(words, FAILED - 1);
}

/** This thread, which is the first of all, and the others, if any. */
export class Team {
  readonly threads: number;
  readonly #code: KernelCode;
  readonly #memory: WasmMemory;
  readonly #job: number;
  readonly #others: readonly KernelThread[];
  #failure: PtychonautError | undefined;

  constructor(code: KernelCode, memory: WasmMemory, job: number, others: readonly KernelThread[]) {
    this.#code = code;
    this.#memory = memory;
    this.#job = job;
    this.#others = others;
    this.threads = 1 + others.length;
  }

  /** Runs a program on all threads. @throws PtychonautError "device" when one of them fails, and ever after */
  run({ program, end, scratch, scratchBytes, partials }: Job): void {
    if (this.#others.some(({ failure }) => failure !== undefined)) this.#failure ??= this.#reason();
    if (this.#failure !== undefined) throw this.#failure;
    const words = new Int32Array(this.#memory.buffer, this.#job, JOB_BYTES / 4);
    if (this.#others.length > 0) {
      words.set([program, end, scratch, scratchBytes, partials], WORDS.program);
      Atomics.add(words, WORDS.count, 1);
      Atomics.notify(words, WORDS.count);
    }
    try {
      if (this.#code.run(program, end, scratch, partials, stateOf(this.#job), 0, this.threads)) return;
    } catch (error) {
      if (this.#others.length > 0) tellFailure(words, error);
      this.#failure = this.#reason(error);
    }
    this.#failure ??= this.#reason();
    throw this.#failure;
  }

  #reason(cause: unknown = this.#others.find(({ failure }) => failure !== undefined)?.failure): PtychonautError {
    const words = new Int32Array(this.#memory.buffer, this.#job, JOB_BYTES / 4);
    const text = new Uint8Array(this.#memory.buffer, this.#job + REASON, words[WORDS.reason]).slice();
    const got = text.length > 0 ? new TextDecoder().decode(text) : String(cause ?? "no answer for a minute");
    return new PtychonautError("device", "a thread of the kernels failed", {
      got,
      ...(cause === undefined ? {} : { cause }),
    });
  }

  async close(): Promise<void> {
    this.#failure ??= new PtychonautError("usage", "these kernels are closed");
    if (this.#others.length === 0) return;
    const words = new Int32Array(this.#memory.buffer, this.#job, JOB_BYTES / 4);
    words[WORDS.quit] = 1;
    Atomics.add(words, WORDS.count, 1);
    Atomics.notify(words, WORDS.count);
    await Promise.all(this.#others.map((thread) => thread.terminate()));
  }
}
