/**
 * The few web-platform globals that Node and every browser share. `core` compiles without Node's and without the
 * DOM's types, so that nothing else of either can slip in.
 */
declare class TextEncoder {
  encode(input?: string): Uint8Array<ArrayBuffer>;
}
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean });
  decode(input?: Uint8Array): string;
}
interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
}
declare const performance: { now(): number };
declare function setTimeout(callback: () => void, ms?: number): unknown;
declare const crypto: { getRandomValues<T extends Uint32Array>(array: T): T };
declare function structuredClone<T>(value: T): T;
declare function btoa(binary: string): string;
interface ImportMeta {
  /** Where the module is. */
  readonly url: string;
}
declare class URL {
  constructor(url: string, base?: string);
  readonly href: string;
}
declare function fetch(address: string): Promise<{
  readonly ok: boolean;
  readonly status: number;
  arrayBuffer(): Promise<ArrayBuffer>;
}>;
/** Comes without types. */
declare module "h5wasm-plugins" {
  /** Where the package is. */
  export const base_url: string;
}
