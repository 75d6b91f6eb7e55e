import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";

/** A file that a reader neither read nor refused. */
export interface Fault {
  readonly target: string;
  readonly kind: "crash" | "hang" | "memory" | "end";
  /** Its number, which with the seed makes it again. */
  readonly file: number;
  readonly what: string;
  readonly where: string;
}

const reported = z.object({
  kind: z.enum(["crash", "memory"]),
  file: z.int(),
  what: z.string(),
  where: z.string(),
});

/** Milliseconds that a file may take. */
const PATIENCE = 5000;
/** A new process takes its time to load everything. */
const START = 60_000;

/** Lets a reader read mutated files `0 … count`, in processes that are watched, and gives what went wrong. */
export async function campaign(target: string, seed: number, count: number): Promise<Fault[]> {
  const faults: Fault[] = [];
  for (let first = 0; first < count; ) first = await part(target, seed, first, count, faults);
  return faults;
}

/** One process, to its end. @returns the file to go on with */
async function part(target: string, seed: number, first: number, end: number, faults: Fault[]): Promise<number> {
  const script = join(import.meta.dirname, "child.ts");
  const args = ["--import", "tsx", script, target, ...[seed, first, end].map(String)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  let stderr = "";
  child.stderr.on("data", (text) => {
    stderr = (stderr + String(text)).slice(-2000);
  });
  let [at, done, hung] = [first - 1, false, false];
  const kill = (): void => {
    hung = true;
    child.kill("SIGKILL");
  };
  let watch = setTimeout(kill, START);
  for await (const line of createInterface({ input: child.stdout })) {
    clearTimeout(watch);
    watch = setTimeout(kill, PATIENCE);
    if (line.startsWith("at ")) at = Number(line.slice(3));
    else if (line === "done") done = true;
    else if (line.startsWith("fault ")) faults.push({ target, ...reported.parse(JSON.parse(line.slice(6))) });
  }
  clearTimeout(watch);
  if (done) return end;
  const what = hung ? `no answer for ${PATIENCE / 1000} s` : `the process ended: ${stderr.trim().slice(-300)}`;
  faults.push({ target, kind: hung ? "hang" : "end", file: at, what, where: "" });
  if (at < first) throw new Error(`${target} cannot be read at all: ${what}`);
  return at + 1;
}
