import { MessageChannel, type MessagePort, receiveMessageOnPort, type Worker } from "node:worker_threads";
import { PtychonautError } from "../../errors.ts";
import type { ByteSource } from "../../formats/byteSource.ts";
import type { Neighbours } from "../../formats/neighbours.ts";
import {
  bytesOf,
  type Hdf5Message,
  type Hdf5Request,
  type Hdf5WorkerData,
  type SharedFile,
  SLOTS,
  sharedMailbox,
  slotsOf,
} from "./hdf5Protocol.ts";
import { Hdf5Watch, LOOK_EVERY } from "./hdf5Watch.ts";
import { startWorker } from "./workerEntry.ts";

/** A file that the other thread has open, as this one knows it. */
export interface OwnedFile {
  readonly source: ByteSource;
  /** Names it in errors. */
  readonly where: string;
  readonly neighbours: Neighbours;
  /** Neighbours that were asked for, by name. */
  readonly known: Map<string, ByteSource | undefined>;
  /** The first failure of a source. */
  failure?: unknown;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** The thread in which HDF5 files are open, and this thread's part of what it does. */
export class Hdf5Thread {
  ended = false;
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #slots: Int32Array<SharedArrayBuffer>;
  readonly #mailbox: Uint8Array;
  readonly #shared = new Map<number, { readonly source: ByteSource; readonly owner: OwnedFile }>();
  readonly #waiting = new Map<number, Waiting>();
  #requests = 0;
  #files = 0;

  constructor() {
    const { port1, port2 } = new MessageChannel();
    const shared = sharedMailbox();
    this.#port = port1;
    this.#slots = slotsOf(shared);
    this.#mailbox = bytesOf(shared);
    const workerData: Hdf5WorkerData = { port: port2, shared };
    this.#worker = startWorker("hdf5Worker", import.meta.url, {
      ...{ workerData, transferList: [port2], stdout: true, stderr: true },
      resourceLimits: { maxOldGenerationSizeMb: 512 },
    });
    this.#worker.on("error", (error) => this.#end(error));
    this.#worker.on("exit", () => this.#end(new Error("the thread ended")));
    port1.on("message", (message: Hdf5Message) => this.#handle(message));
    this.#rest();
  }

  /** Gives a source a number by which the other thread asks for it. */
  share(source: ByteSource, owner: OwnedFile): SharedFile {
    const number = this.#files++;
    this.#shared.set(number, { source, owner });
    return { number, size: source.size };
  }

  close(number: number, owner: OwnedFile): void {
    this.#send({ kind: "close", file: number });
    for (const [key, shared] of this.#shared) if (shared.owner === owner) this.#shared.delete(key);
  }

  /** Asks, and lets this thread go on until the answer is there. */
  async ask(request: Hdf5Request, file: OwnedFile): Promise<unknown> {
    const watch = new Hdf5Watch(this.#slots, file.source.size);
    const timer = setInterval(() => {
      if (watch.isOverdue()) this.#end(overdue(file));
    }, LOOK_EVERY);
    this.#port.ref();
    this.#worker.ref();
    try {
      return await new Promise((resolve, reject) => this.#post(request, { resolve, reject }));
    } catch (error) {
      throw this.#failureOf(file, error);
    } finally {
      clearInterval(timer);
      this.#rest();
    }
  }

  /** Asks, and waits for the answer. */
  askNow(request: Hdf5Request, file: OwnedFile): unknown {
    let answer: { readonly value: unknown } | { readonly error: unknown } | undefined;
    const watch = new Hdf5Watch(this.#slots, file.source.size);
    const waiting: Waiting = {
      resolve: (value) => {
        answer = { value };
      },
      reject: (error) => {
        answer = { error };
      },
    };
    this.#post(request, waiting);
    while (answer === undefined) {
      const seen = Atomics.load(this.#slots, SLOTS.toMain);
      const received = receiveMessageOnPort(this.#port) as { readonly message: Hdf5Message } | undefined;
      if (received !== undefined) this.#handle(received.message);
      else Atomics.wait(this.#slots, SLOTS.toMain, seen, LOOK_EVERY);
      if (answer === undefined && watch.isOverdue()) this.#end(overdue(file));
    }
    if ("value" in answer) return answer.value;
    throw this.#failureOf(file, answer.error);
  }

  /** A file that has ended the thread is not tried again. */
  #failureOf(file: OwnedFile, error: unknown): unknown {
    const failure = file.failure ?? placed(error, file);
    if (this.ended) file.failure = failure;
    return failure;
  }

  #post(request: Hdf5Request, waiting: Waiting): void {
    const id = this.#requests++;
    this.#waiting.set(id, waiting);
    this.#send({ ...request, ...("id" in request ? { id } : {}) });
  }

  #send(request: Hdf5Request): void {
    this.#port.postMessage(request);
  }

  #handle(message: Hdf5Message): void {
    switch (message.kind) {
      case "read":
        this.#read(message.file, message.offset, message.length);
        break;
      case "neighbour":
        this.#answerNeighbour(message.asked, message.file, message.name);
        break;
      case "value":
        this.#settle(message.id)?.resolve(message.value);
        break;
      case "error":
        this.#settle(message.id)?.reject(PtychonautError.fromPlain(message.error));
        if (message.broken) this.#end(new Error("another file broke it"));
    }
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  #read(number: number, offset: number, length: number): void {
    const shared = this.#shared.get(number);
    let read = -1;
    try {
      if (shared !== undefined) {
        this.#mailbox.set(shared.source.read(offset, length));
        read = length;
      }
    } catch (error) {
      shared!.owner.failure ??= error;
    }
    Atomics.store(this.#slots, SLOTS.length, read);
    Atomics.add(this.#slots, SLOTS.toWorker, 1);
    Atomics.notify(this.#slots, SLOTS.toWorker);
  }

  #answerNeighbour(asked: number, number: number, name: string): void {
    const owner = this.#shared.get(number)?.owner;
    const answer = (source: ByteSource | undefined): void => {
      owner?.known.set(name, source);
      const file = source === undefined || owner === undefined ? undefined : this.share(source, owner);
      if (!this.ended) this.#send({ kind: "neighbour", asked, file });
    };
    // A file that is opened again, in another thread, leads to the same ones.
    if (owner === undefined || owner.known.has(name)) answer(owner?.known.get(name));
    else
      owner.neighbours.open(name).then(answer, (error) => {
        owner.failure ??= error;
        answer(undefined);
      });
  }

  /** Does not keep the program from ending. */
  #rest(): void {
    if (this.#waiting.size > 0) return;
    this.#port.unref();
    this.#worker.unref();
  }

  #end(error: Error): void {
    if (this.ended) return;
    this.ended = true;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
    this.#port.close();
    void this.#worker.terminate();
  }
}

const overdue = ({ where }: OwnedFile): PtychonautError =>
  new PtychonautError("data", "the HDF5 library finds no end with this file", {
    where,
    fix: "the file is damaged: check or copy it again",
  });

/** What ended the thread, or broke the library in it, as an error about the file that was being read. */
function placed(error: unknown, { where }: OwnedFile): PtychonautError {
  if (error instanceof PtychonautError && error.details.where !== undefined) return error;
  const got = error instanceof PtychonautError ? error.details.got : String(error);
  return new PtychonautError("data", "the HDF5 library failed on this file", {
    where,
    ...(got === undefined ? {} : { got: got.split("\n")[0] }),
    fix: "the file is damaged: check or copy it again",
    cause: error,
  });
}
