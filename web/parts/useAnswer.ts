import { useEffect, useState } from "preact/hooks";
import type { PtychonautError } from "../../src/errors.ts";
import { asError, looker } from "../state/session.ts";
import type { Answer, Ask, QuestionName, WorkerEvent } from "../worker/protocol.ts";

export interface Answered<N extends QuestionName> {
  /** To the last question that was answered about the same, until the next one is. */
  readonly answer?: Answer<N>;
  readonly error?: PtychonautError;
  /** What the answer, or the error, depended on. */
  readonly about?: unknown;
  readonly progress?: Extract<WorkerEvent, { kind: "progress" }>;
}

/**
 * What the worker says to a question, asked anew when `about` changes; the one before is told to end.
 * @param about what the answer depends on; undefined: do not ask
 * @param of the part of `about` whose change makes an answer that of something else, which is not given any more. Default: none
 */
export function useAnswer<N extends QuestionName>(name: N, ask: Ask<N>, about: unknown, of?: unknown): Answered<N> {
  const [{ of: isOf, ...answered }, setAnswered] = useState<Answered<N> & { readonly of?: unknown }>({});
  useEffect(() => {
    if (about === undefined) return;
    const controller = new AbortController();
    const set = (next: Answered<N>): void => {
      if (controller.signal.aborted) return;
      setAnswered((last) => ({ ...(last.answer === undefined || last.of !== of ? {} : last), ...next, of }));
    };
    looker
      .ask(name, ask, {
        signal: controller.signal,
        onEvent: (event) => event.kind === "progress" && set({ progress: event }),
      })
      .then(
        (answer) => controller.signal.aborted || setAnswered({ answer, about, of }),
        (error) => set({ error: asError(error), about }),
      );
    return () => controller.abort();
  }, [name, about]);
  return isOf === of ? (answered as Answered<N>) : {};
}
