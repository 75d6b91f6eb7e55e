import { JestChaiExpect } from "@vitest/expect";
import * as chai from "chai";
import type { ExpectStatic } from "vitest";
import { openPrivateFiles } from "../../../src/web/opfsStore.ts";
import { storeCases } from "../../runs/storeCases.ts";

/** By the name of each case: undefined, or why it failed. */
export type StoreFindings = Readonly<Record<string, string | null>>;

interface Scope {
  onmessage: (() => void) | null;
  postMessage(message: unknown): void;
}
const scope = globalThis as unknown as Scope;

scope.onmessage = () => {
  look().then(
    (results) => scope.postMessage({ results }),
    (error: unknown) => scope.postMessage({ error: error instanceof Error ? (error.stack ?? error.message) : error }),
  );
};

async function look(): Promise<StoreFindings> {
  const expect = expectHere();
  const store = await openPrivateFiles("store-cases");
  const found: Record<string, string | null> = {};
  for (const { name, run } of storeCases)
    found[name] = await run(store, "/runs", expect).then(
      () => null,
      (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error)),
    );
  return found;
}

/** The expectations of the tests in Node, without what runs these. */
function expectHere(): ExpectStatic {
  chai.use(JestChaiExpect);
  return chai.expect as unknown as ExpectStatic;
}
