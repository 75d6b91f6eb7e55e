import { PtychonautError } from "../../src/errors.ts";
import type { Answer, Ask, FromWorker, QuestionName, ToWorker, WorkerEvent } from "./protocol.ts";

export interface AskHooks {
  /** What happens until the answer is there. */
  readonly onEvent?: (event: WorkerEvent) => void;
  /** Aborted: whatever is being done should end, and answer with what there is. */
  readonly signal?: AbortSignal;
}

/** A worker that answers the page's questions, each in its own time. */
export interface WorkerClient {
  /** @throws PtychonautError what the worker says, in the library's words */
  ask<N extends QuestionName>(name: N, ask: Ask<N>, hooks?: AskHooks): Promise<Answer<N>>;
  /** Ends it, whatever it is doing. */
  close(): void;
}

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly onEvent: AskHooks["onEvent"];
}

/** Starts a worker of its own: what one computes, others do not wait for. */
export function startWorker(): WorkerClient {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "ptychonaut" });
  const waiting = new Map<number, Waiting>();
  let count = 0;
  const end = (error: PtychonautError): void => {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
    const asked = waiting.get(data.id);
    if (asked === undefined) return;
    if ("event" in data) {
      asked.onEvent?.(data.event);
      return;
    }
    waiting.delete(data.id);
    if ("error" in data) asked.reject(PtychonautError.fromPlain(data.error));
    else asked.resolve(data.answer);
  };
  worker.onerror = ({ message }) =>
    end(
      new PtychonautError("lost", "the part of the page that computes has ended", {
        got: message || "no reason",
        fix: "load the page anew",
      }),
    );
  const post = (message: ToWorker): void => worker.postMessage(message);
  return {
    ask(name, ask, { onEvent, signal } = {}) {
      const id = ++count;
      const answer = new Promise((resolve, reject) => waiting.set(id, { resolve, reject, onEvent }));
      post({ id, name, ask });
      const stop = (): void => post({ id, stop: true });
      if (signal?.aborted === true) stop();
      signal?.addEventListener("abort", stop, { once: true });
      return answer.finally(() => signal?.removeEventListener("abort", stop)) as Promise<Answer<typeof name>>;
    },
    close() {
      worker.terminate();
      end(new PtychonautError("lost", "it was ended"));
    },
  };
}
