import type { Worker } from "node:worker_threads";
import type { Communicator } from "../../communicator.ts";
import { PtychonautError } from "../../errors.ts";
import { startWorker } from "../workers/workerEntry.ts";
import type { Launch } from "./launcher.ts";
import { loadLibrary } from "./library.ts";
import type { MpiJob, MpiReady, MpiReply, MpiWorkerData } from "./mpiProtocol.ts";

/** The processes that a launcher started, joined by MPI. */
export interface MpiRanks extends Communicator, MpiReady {
  /** From here on this process waits for the others however long they take: it has nothing left to lose. */
  waitForEver(): void;
  /** Ends the use of MPI, when all processes do so. */
  close(): Promise<void>;
  /** Ends all processes at once, whatever they are doing; this one at the latest after five seconds. */
  abort(code: number): Promise<never>;
}

/** Values that go in one piece. */
const PIECE = 1 << 22;
/** How long a launcher may take to hand on what a process said. */
const LAST_WORDS_MS = 300;
/** How long the library may take to end all processes before this one ends itself, ms. */
const PATIENCE_MS = 5000;

/** How long the others may let this one wait before it takes them for lost, s; `PTYCHONAUT_MPI_TIMEOUT` says another. */
const TIMEOUT_S = 600;

/**
 * Joins the processes that a launcher started. One thread makes every MPI call, so that the event loop of this one stays
 * free while it waits for others.
 * @param named the library to load; default: the first that is found
 * @param timeout seconds after which others that do not answer are lost: their computer, or the network to it, is gone
 * @throws PtychonautError "device" when no library loads, or the one that does is of another family than the launcher;
 *   whatever waits for the others throws "lost"
 */
export async function joinRanks(launch: Launch, named?: string, timeout: number = TIMEOUT_S): Promise<MpiRanks> {
  // UCX, on which MPICH and others stand, tries its hooks on memory by moving the end of the heap, while it is loaded. It
  // does so without malloc's lock: what another thread got meanwhile is cut off, and that thread crashes.
  process.env["UCX_MEM_EVENTS"] ??= "n";
  const data: MpiWorkerData = { launch, ...(named === undefined ? {} : { named }) };
  const thread = new MpiThread(startWorker("mpiWorker", import.meta.url, { workerData: data }), timeout);
  const ready = await thread.ready();
  const { rank, size, path } = ready;
  const library = await loadLibrary(launch.family, path);
  // A process that exits waits for its threads, and that of MPI may wait for the others.
  const exitAtOnce = (code: number): void => library.exitAtOnce(code === 0 ? 1 : code);
  process.on("exit", exitAtOnce);
  return {
    ...ready,
    async sum(values) {
      for (let first = 0; first < values.length; first += PIECE) {
        const piece = values.subarray(first, first + PIECE);
        const shared = piece instanceof Float32Array ? thread.floats(piece.length) : thread.doubles(piece.length);
        shared.set(piece);
        await thread.run({ kind: "sum", values: shared });
        piece.set(shared);
      }
    },
    async broadcast(bytes) {
      const [length] = await thread.gathered(Float64Array.of(bytes.length), size);
      const shared = sharedBytes(length);
      if (rank === 0) shared.set(bytes);
      await thread.run({ kind: "broadcast", bytes: shared });
      return rank === 0 ? bytes : shared.slice();
    },
    async gather(bytes) {
      const lengths = await thread.gathered(Float64Array.of(bytes.length), size);
      const longest = Math.max(...lengths);
      const [own, all] = [sharedBytes(longest), sharedBytes(longest * size)];
      own.set(bytes);
      await thread.run({ kind: "gather", own, all });
      return Array.from(lengths, (length, other) => all.slice(other * longest, other * longest + length));
    },
    barrier: () => thread.run({ kind: "barrier" }),
    waitForEver: () => thread.waitForEver(),
    async close() {
      await thread.run({ kind: "close" });
      await thread.end();
      process.off("exit", exitAtOnce);
    },
    async abort(code) {
      // Launchers drop what was said a moment before.
      await new Promise((resolve) => setTimeout(resolve, LAST_WORDS_MS));
      library.abort(code);
      await new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
      exitAtOnce(code);
      throw new Error("a process that has ended goes on");
    },
  };
}

const sharedBytes = (length: number): Uint8Array<SharedArrayBuffer> => new Uint8Array(new SharedArrayBuffer(length));

/** The thread that makes every MPI call: jobs one after the other, in the order in which they were asked for. */
class MpiThread {
  readonly #worker: Worker;
  readonly #replies: { resolve: (reply: MpiReply) => void; reject: (error: Error) => void }[] = [];
  #timeout: number | undefined;
  #failure: Error | undefined;
  #scratch = new SharedArrayBuffer(0);

  /** @param timeout s */
  constructor(worker: Worker, timeout: number) {
    this.#worker = worker;
    this.#timeout = timeout;
    worker.on("message", (reply: MpiReply) => {
      this.#replies.shift()?.resolve(reply);
      if (this.#replies.length === 0) worker.unref();
    });
    worker.on("error", (error: unknown) => this.#fail(error instanceof Error ? error : new Error(String(error))));
    worker.on("exit", () => this.#fail(new Error("the thread of MPI ended")));
  }

  waitForEver(): void {
    this.#timeout = undefined;
  }

  async ready(): Promise<MpiReady> {
    const reply = await this.#answer();
    if (reply.kind === "ready") return reply.ready;
    throw reply.kind === "failed" ? PtychonautError.fromPlain(reply.error) : new Error("MPI did not start");
  }

  async run(job: MpiJob): Promise<void> {
    this.#worker.postMessage(job);
    const reply = await this.#answer();
    if (reply.kind === "failed") throw PtychonautError.fromPlain(reply.error);
  }

  /** Everybody's numbers, as many from each, one after the other. */
  async gathered(own: Float64Array, size: number): Promise<Float64Array> {
    const [sent, all] = [sharedBytes(own.byteLength), sharedBytes(own.byteLength * size)];
    new Float64Array(sent.buffer).set(own);
    await this.run({ kind: "gather", own: sent, all });
    return new Float64Array(all.slice().buffer);
  }

  floats(length: number): Float32Array<SharedArrayBuffer> {
    return new Float32Array(this.#room(4 * length), 0, length);
  }

  doubles(length: number): Float64Array<SharedArrayBuffer> {
    return new Float64Array(this.#room(8 * length), 0, length);
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #room(bytes: number): SharedArrayBuffer {
    if (this.#scratch.byteLength < bytes) this.#scratch = new SharedArrayBuffer(bytes);
    return this.#scratch;
  }

  #answer(): Promise<MpiReply> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    this.#worker.ref();
    const answer = new Promise<MpiReply>((resolve, reject) => this.#replies.push({ resolve, reject }));
    const timeout = this.#timeout;
    if (timeout === undefined) return answer;
    const timer = setTimeout(() => this.#fail(lost(timeout)), 1000 * timeout).unref();
    return answer.finally(() => clearTimeout(timer));
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#replies.splice(0)) reject(error);
  }
}

/** A network that is cut off says nothing, and MPI waits for ever. */
function lost(seconds: number): PtychonautError {
  return new PtychonautError("lost", "other processes of the run do not answer", {
    expected: `an answer within ${seconds} s`,
    got: "none: their computer or the network to it is gone, or they are that far behind",
    fix: "start again, to go on from the last checkpoint; PTYCHONAUT_MPI_TIMEOUT=SECONDS waits longer",
  });
}
