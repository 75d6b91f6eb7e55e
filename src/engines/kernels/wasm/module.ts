import { checkCompiled } from "../../../compiledCode.ts";

/** The part of WebAssembly's interface that is needed: the core has no types of it. */
export interface WasmMemory {
  readonly buffer: ArrayBufferLike;
  grow(pages: number): number;
}
interface Global {
  readonly value: number;
}
interface WasmInstance {
  readonly exports: Readonly<Record<string, unknown>>;
}
interface WasmApi {
  readonly Memory: new (descriptor: { initial: number; maximum: number; shared: boolean }) => WasmMemory;
  readonly Instance: new (module: WasmModule, imports: object) => WasmInstance;
  compile(bytes: Uint8Array): Promise<WasmModule>;
}
/** Compiled code, which threads may pass to each other. */
export type WasmModule = object;

export const webAssembly: WasmApi = (globalThis as unknown as { readonly WebAssembly: WasmApi }).WebAssembly;

export const PAGE: number = 2 ** 16;
/** All that 32 bits reach; what `assembly/engines` is compiled for. */
export const MOST_PAGES = 65_536;

/** Operations that a program can have, constants that `assembly/engines/run.ts` exports. */
const opcodes = [
  "ZERO",
  "ELEMENTWISE",
  "COMBINE",
  "DIVIDE",
  "FILL",
  "FILL_NUMBERS",
  "CUT",
  "PASTE",
  "SUMS",
  "LARGEST",
  "LIKELIHOOD",
  "RAMPS",
  "FOURIER",
  "RECIPROCAL",
  "EXIT_CHANGE",
  "PIE_STEP",
  "STEP_OVERLAPS",
] as const;
export type Opcode = (typeof opcodes)[number];

export interface KernelCode {
  /** `run` of `assembly/engines/run.ts`: false where another thread has failed. */
  run(
    ...words: [
      program: number,
      end: number,
      scratch: number,
      partials: number,
      state: number,
      thread: number,
      threads: number,
    ]
  ): number;
  opcode(name: Opcode): number;
  /** Where memory begins that is not the module's own. */
  readonly heap: number;
}

/** Numbers that `run` takes. */
const WORDS = 7;

/** @throws PtychonautError "device" where the module is not this version's */
export function instantiate(module: WasmModule, memory: WasmMemory): KernelCode {
  const abort = (): never => {
    throw new Error("the kernels' module stopped");
  };
  const { exports } = new webAssembly.Instance(module, { env: { memory, abort } });
  checkCompiled(
    exports,
    { functions: { run: WORDS }, constants: ["HEAP", ...opcodes] },
    "the code of the kernels (engines.wasm)",
  );
  const constant = (name: string): number => (exports[name] as Global).value;
  return { run: exports["run"] as KernelCode["run"], opcode: constant, heap: constant("HEAP") };
}
