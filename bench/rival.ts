import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A script of `rivals/` in its own process, on one thread: says what it is, and answers each line with a line, JSON all. */
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

  static async start(python: string, name: string): Promise<Rival> {
    const script = fileURLToPath(new URL(`rivals/${name}`, import.meta.url));
    const one = { OMP_NUM_THREADS: "1", MKL_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1" };
    const child = spawn(python, [script], { env: { ...process.env, ...one } });
    child.stderr.pipe(process.stderr);
    const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const { value, done } = await answers.next();
    if (done === true) throw new Error(`${python} could not run ${script}`);
    return new Rival(child, answers, JSON.parse(value));
  }

  async ask(question: unknown): Promise<unknown> {
    this.#process.stdin.write(`${JSON.stringify(question)}\n`);
    return JSON.parse((await this.#answers.next()).value as string);
  }

  end(): void {
    this.#process.stdin.end();
  }
}
