import { PtychonautError } from "../../src/errors.ts";
import { webMachine } from "../../src/web/machine.ts";
import type { Answers, Desk } from "./answers/answer.ts";
import type { OpenedScan } from "./answers/openedScan.ts";
import { answers } from "./answers/registry.ts";
import { openStore } from "./openStore.ts";
import type { FromWorker, QuestionName, ToWorker } from "./protocol.ts";
import { arraysIn } from "./transfer.ts";

const asked = new Map<number, AbortController>();
const desk = openDesk();

addEventListener("message", ({ data }: MessageEvent<ToWorker>) => {
  if ("stop" in data) asked.get(data.id)?.abort();
  else void answer(data.id, data.name, data.ask);
});

async function answer(id: number, name: QuestionName, ask: unknown): Promise<void> {
  const controller = new AbortController();
  asked.set(id, controller);
  try {
    // Before anything that checks settings; where the page computes is said without.
    if (name !== "about") await import("./plainChecks.ts");
    // Names and questions fit together where they are asked.
    const how = (await answers[name]()) as Answers<QuestionName>;
    const tell = (event: Extract<FromWorker, { event: unknown }>["event"]): void => post({ id, event });
    post({ id, answer: await how(ask as never, await desk, { signal: controller.signal, tell }) });
  } catch (error) {
    post({ id, error: plainErrorOf(error) });
  } finally {
    asked.delete(id);
  }
}

const post = (message: FromWorker): void => postMessage(message, { transfer: arraysIn(message) });

function plainErrorOf(error: unknown): Extract<FromWorker, { error: unknown }>["error"] {
  if (error instanceof PtychonautError) return error.toPlain();
  const got = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { kind: "device", what: "something went wrong that should not", details: { got, fix: "please report it" } };
}

async function openDesk(): Promise<Desk> {
  const { store, stored } = await openStore();
  let open: OpenedScan | undefined;
  return {
    // A software adapter is taken only where somebody chose WebGPU.
    home: { machine: webMachine({ threads: navigator.hardwareConcurrency, allowSoftware: true }), store },
    stored,
    scan() {
      if (open !== undefined) return open;
      throw new PtychonautError("usage", "no scan is open", { fix: "open one" });
    },
    opened: () => open,
    setScan(scan) {
      open?.close();
      open = scan;
    },
  };
}
