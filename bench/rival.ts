import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A program in its own process, on one thread unless told: says what it is, and answers each line with a line, JSON all. */
export class Rival {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;
  /** What it said first. */
  readonly greeting: unknown;

  private constructor(process: ChildProcessWithoutNullStreams, answers: AsyncIterator<string>, greeting: unknown) {
    this.#process = process;
    this.#answers = answers;
    this.greeting = greeting;
  }

  /** A script of `rivals/`. */
  static start(python: string, name: string, settings: readonly string[] = [], threads = 1): Promise<Rival> {
    return Rival.run([python, fileURLToPath(new URL(`rivals/${name}`, import.meta.url)), ...settings], threads);
  }

  static async run([command, ...settings]: readonly string[], threads: number): Promise<Rival> {
    const many = String(threads);
    const environment = { OMP_NUM_THREADS: many, MKL_NUM_THREADS: many, OPENBLAS_NUM_THREADS: many };
    const child = spawn(command, settings, { env: { ...process.env, ...environment } });
    child.stderr.pipe(process.stderr);
    const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const { value, done } = await answers.next();
    if (done === true) throw new Error(`${command} could not run ${settings.join(" ")}`);
    return new Rival(child, answers, JSON.parse(value));
  }

  get pid(): number {
    return this.#process.pid as number;
  }

  async ask(question: unknown): Promise<unknown> {
    this.#process.stdin.write(`${JSON.stringify(question)}\n`);
    const { value, done } = await this.#answers.next();
    if (done === true) throw new Error("a rival ended before its time");
    return JSON.parse(value);
  }

  end(): void {
    this.#process.stdin.end();
  }
}
