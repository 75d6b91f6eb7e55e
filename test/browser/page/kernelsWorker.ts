import { webMachine } from "../../../src/web/machine.ts";
import { computeWith } from "./kernelsScenario.ts";

/** A worker that computes with the kernels of the web home. The message says on how many threads. */
interface Scope {
  onmessage: ((event: { readonly data: number }) => void) | null;
  postMessage(message: unknown): void;
}
const scope = globalThis as unknown as Scope;

scope.onmessage = ({ data: threads }) => {
  webMachine()
    .kernels({ threads })
    .then(computeWith)
    .then(
      (results) => scope.postMessage({ results }),
      (error: unknown) => scope.postMessage({ error: error instanceof Error ? (error.stack ?? error.message) : error }),
    );
};
