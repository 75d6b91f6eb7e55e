import type { ComponentType } from "preact";

/** A view of the page: a file, and a line in `registry.ts`. */
export interface View {
  /** In the address. */
  readonly name: string;
  /** In the list of views. */
  readonly title: string;
  /** Whether it shows something only once a scan is open. Default false. */
  readonly needsScan?: true;
  /** Whether it shows what `ptychonaut view` serves, and is there only then. Default false. */
  readonly needsServer?: true;
  /** Loaded when it is first looked at. */
  load(): Promise<ComponentType>;
}
