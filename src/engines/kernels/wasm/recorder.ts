import type { Factor } from "../kernels.ts";
import { fftPlan } from "./fftPlan.ts";
import type { Heap } from "./heap.ts";
import type { KernelCode, Opcode } from "./module.ts";
import { Program } from "./program.ts";
import type { Team } from "./threads.ts";

/** Bytes a unit of the table of partial sums. */
const PARTIAL_BYTES = 32;

/** Records operations until they are run, and keeps what they need beside their operands. */
export class Recorder {
  readonly heap: Heap;
  readonly team: Team;
  readonly #code: KernelCode;
  readonly #program: Program;
  readonly #plans = new Map<number, number>();
  /** `bytes` a thread. */
  #scratch = { at: 0, bytes: 0 };
  #partials = { at: 0, bytes: 0 };

  constructor(code: KernelCode, heap: Heap, team: Team) {
    this.#code = code;
    this.heap = heap;
    this.team = team;
    this.#program = new Program(heap);
    this.needScratch(65_536);
    this.needPartials(1024);
  }

  record(name: Opcode, words: readonly number[], factors: readonly Factor[] = []): void {
    if (this.#program.isFull) this.flush();
    this.#program.add(this.#code.opcode(name), words, factors);
  }

  /** Runs what is recorded. Memory must not be written before, nor read. */
  flush(): void {
    if (this.#program.isEmpty) return;
    const { at: program } = this.#program;
    const { at: scratch, bytes: scratchBytes } = this.#scratch;
    this.team.run({ program, end: this.#program.finish(), scratch, scratchBytes, partials: this.#partials.at });
  }

  /** Memory of zeros. What was there before may still be an operand of what is recorded. */
  zeros(bytes: number): number {
    const at = this.heap.allocate(bytes);
    this.record("ZERO", [at, Math.ceil(bytes / 16)]);
    return at;
  }

  /** Where the module finds how to transform lines of a length. */
  plan(length: number): number {
    let at = this.#plans.get(length);
    if (at === undefined) {
      const { bytes } = fftPlan(length);
      at = this.heap.allocate(bytes.length);
      this.flush();
      this.heap.bytes.set(bytes, at);
      this.#plans.set(length, at);
    }
    return at;
  }

  /** @param least bytes a thread */
  needScratch(least: number): void {
    const { at, bytes } = this.#scratch;
    if (least <= bytes) return;
    const wanted = 64 * Math.ceil(least / 64);
    this.#scratch = { at: this.#replace(at, this.team.threads * wanted), bytes: wanted };
  }

  /** Of `assembly/engines/sums.ts`, or of rows. */
  needPartials(units: number): void {
    const { at, bytes } = this.#partials;
    const wanted = PARTIAL_BYTES * Math.max(units, this.team.threads);
    if (wanted > bytes) this.#partials = { at: this.#replace(at, wanted), bytes: wanted };
  }

  #replace(at: number, bytes: number): number {
    this.flush();
    if (at !== 0) this.heap.free(at);
    return this.heap.allocate(bytes);
  }
}
