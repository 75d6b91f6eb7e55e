import { runScenario } from "./runsScenario.ts";

/** A worker in which whole runs take place: a message asks for the scenario, the answer is what it found. */
interface Scope {
  onmessage: (() => void) | null;
  postMessage(message: unknown): void;
}
const scope = globalThis as unknown as Scope;

scope.onmessage = () => {
  runScenario().then(
    (results) => scope.postMessage({ results }),
    (error: unknown) => scope.postMessage({ error: error instanceof Error ? (error.stack ?? error.message) : error }),
  );
};
