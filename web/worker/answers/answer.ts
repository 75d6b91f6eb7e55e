import type { Home } from "../../../src/runs/machine.ts";
import type { MountedStore } from "../../../src/web/mountedStore.ts";
import type { Answer, Ask, QuestionName, WorkerEvent } from "../protocol.ts";
import type { OpenedScan } from "./openedScan.ts";

/** What a worker has. */
export interface Desk {
  readonly home: Home & { readonly store: MountedStore };
  readonly stored: { readonly kind: "opfs" | "memory"; readonly why?: string };
  /** The scan that questions are about. @throws PtychonautError "usage" when none is open */
  scan(): OpenedScan;
  /** The same, if there is one. */
  opened(): OpenedScan | undefined;
  /** Takes the place of the one before, which is closed. */
  setScan(scan: OpenedScan | undefined): void;
}

/** What there is for one question beside itself. */
export interface Asked {
  readonly signal: AbortSignal;
  readonly tell: (event: WorkerEvent) => void;
}

/** How a question is answered. @throws PtychonautError for what the page shows */
export type Answers<N extends QuestionName> = (ask: Ask<N>, desk: Desk, asked: Asked) => Promise<Answer<N>>;
