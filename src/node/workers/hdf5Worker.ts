/** Entry of the thread in which HDF5 files are open: a hostile one can end it, or keep it busy without end, and nothing else. */
import { workerData } from "node:worker_threads";
import { PtychonautError } from "../../errors.ts";
import { type Hdf5Library, hdf5Library, libraryDamage } from "../../formats/hdf5/library.ts";
import { openHere } from "../../formats/hdf5/openHere.ts";
import type { Hdf5Reader } from "../../formats/hdf5/reader.ts";
import type { NeighbourFile, Neighbours } from "../../formats/neighbours.ts";
import {
  bytesOf,
  type Hdf5Message,
  type Hdf5Request,
  type Hdf5WorkerData,
  MAILBOX_BYTES,
  type OpenedHdf5,
  type SharedFile,
  SLOTS,
  slotsOf,
} from "./hdf5Protocol.ts";
import { limitMemory } from "./wasmMemory.ts";

const { port, shared } = workerData as Hdf5WorkerData;
const [slots, mailbox] = [slotsOf(shared), bytesOf(shared)];
const readers = new Map<number, Hdf5Reader>();
const asked = new Map<number, (file: SharedFile | undefined) => void>();
/** Bytes of each file that is open, and of what it leads to. */
const openBytes = new Map<number, number>();
let questions = 0;
limitMemory(() => [...openBytes.values()].reduce((sum, bytes) => sum + bytes, 0));

function tell(message: Hdf5Message, transfer: readonly ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
  Atomics.add(slots, SLOTS.toMain, 1);
  Atomics.notify(slots, SLOTS.toMain);
}

/** Notes that this thread waits for the other one. @returns notes that it does not any more */
function waits(): () => void {
  const start = performance.now();
  Atomics.sub(slots, SLOTS.busy, 1);
  return () => {
    Atomics.add(slots, SLOTS.waited, Math.round(performance.now() - start));
    Atomics.add(slots, SLOTS.busy, 1);
  };
}

/**
 * A file of the main thread, which reads for this one and meanwhile lets it sleep.
 * @param main the file that leads to it, or itself
 */
function remoteFile({ number, size }: SharedFile, main: number): NeighbourFile {
  openBytes.set(main, size + (openBytes.get(main) ?? 0));
  return {
    size,
    read(offset, length) {
      const bytes = new Uint8Array(length);
      for (let at = 0; at < length; at += MAILBOX_BYTES) {
        const part = Math.min(MAILBOX_BYTES, length - at);
        const before = Atomics.load(slots, SLOTS.toWorker);
        const goOn = waits();
        tell({ kind: "read", file: number, offset: offset + at, length: part });
        Atomics.wait(slots, SLOTS.toWorker, before);
        goOn();
        // The main thread knows why.
        if (Atomics.load(slots, SLOTS.length) < 0) throw new PtychonautError("data", "the file cannot be read");
        bytes.set(mailbox.subarray(0, part), at);
      }
      return bytes;
    },
    // The main thread does.
    close() {},
  };
}

const besides = (file: number): Neighbours => ({
  async open(name) {
    const question = questions++;
    const answer = new Promise<SharedFile | undefined>((resolve) => asked.set(question, resolve));
    const goOn = waits();
    tell({ kind: "neighbour", asked: question, file, name });
    const found = await answer;
    goOn();
    return found === undefined ? undefined : remoteFile(found, file);
  },
});

/** Notes each call of the library that comes to an end: who waits sees that it goes on. */
function countCalls(library: Hdf5Library): void {
  const calls = library as unknown as Record<string, unknown>;
  for (const name of Object.keys(calls).filter((name) => /^(open|close|get|create|reclaim)_?/.test(name))) {
    const call = calls[name];
    if (typeof call !== "function") continue;
    calls[name] = (...args: readonly unknown[]): unknown => {
      try {
        return call(...args);
      } finally {
        Atomics.add(slots, SLOTS.calls, 1);
      }
    };
  }
}

async function handle(request: Hdf5Request): Promise<void> {
  switch (request.kind) {
    case "open": {
      const { file, where } = request;
      return answer(request.id, async () => {
        try {
          const reader = await openHere(remoteFile(file, file.number), where, besides(file.number));
          readers.set(file.number, reader);
          const { keys, brokenLinks, filters } = reader;
          return { keys, brokenLinks, filters } satisfies OpenedHdf5;
        } catch (error) {
          openBytes.delete(file.number);
          throw error;
        }
      });
    }
    case "call": {
      const { file, method, args } = request;
      return answer(request.id, () => {
        const call = readers.get(file)![method] as (...all: readonly unknown[]) => unknown;
        return call(...args);
      });
    }
    case "neighbour":
      asked.get(request.asked)?.(request.file);
      asked.delete(request.asked);
      return;
    case "close":
      readers.get(request.file)?.close();
      readers.delete(request.file);
      openBytes.delete(request.file);
  }
}

async function answer(id: number, work: () => unknown): Promise<void> {
  Atomics.add(slots, SLOTS.busy, 1);
  try {
    const value = await work();
    if (libraryDamage() !== undefined) throw libraryDamage();
    Atomics.sub(slots, SLOTS.busy, 1);
    tell({ kind: "value", id, value }, value instanceof Uint8Array ? [value.buffer as ArrayBuffer] : []);
  } catch (error) {
    Atomics.sub(slots, SLOTS.busy, 1);
    const plain = error instanceof PtychonautError && libraryDamage() === undefined ? error.toPlain() : undefined;
    tell({
      ...{ kind: "error", id, broken: plain === undefined },
      error: plain ?? {
        kind: "data",
        what: "the HDF5 library failed on this file",
        details: { got: libraryDamage() ?? String(error) },
      },
    });
  }
}

// Its own time to start is not that of a file.
countCalls(await hdf5Library());
port.on("message", (request: Hdf5Request) => void handle(request));
