import { writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { env } from "onnxruntime-node";
import { writeNpy } from "../src/io/npy.ts";
import { chooseRuntime } from "../src/runtime/node/accelerator.ts";
import type { Answer, Request } from "./contender.ts";
import { type Form, inferenceTask, type Task, trainingTask } from "./ourTasks.ts";
import { readProblem } from "./problem.ts";

/** The process that runs this product: `ourContender.ts FOLDER train|infer THREADS fused|replicas`. */
const [folder, taskName, threadsText, form] = process.argv.slice(2) as [string, string, string, Form];
const threads = Number(threadsText);

const say = (answer: Answer): void => void process.stdout.write(`${JSON.stringify(answer)}\n`);

async function timed(task: Task, runs: number): Promise<number[]> {
  const milliseconds: number[] = [];
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    await task.step();
    milliseconds.push(performance.now() - start);
  }
  return milliseconds;
}

async function check(task: Task, path: string): Promise<Answer> {
  const first = await task.step();
  if (typeof first === "number") {
    return { losses: [first, Number(await task.step()), Number(await task.step())] };
  }
  await writeFile(path, writeNpy({ shape: [first.length / 2], dtype: "complex64", data: first }));
  return { patches: path };
}

say({ versions: { node: process.versions.node, onnxruntime: env.versions.node ?? env.versions.common } });
const problem = await readProblem(folder);
const runtime = await chooseRuntime("cpu", { session: { threads } });
const task =
  taskName === "train" ? await trainingTask(problem, runtime, form, threads) : await inferenceTask(problem, runtime);
say({ ready: true });

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line) as Request;
  if (request.command === "check") {
    say(await check(task, request.path));
  } else {
    await timed(task, 1);
    say({ milliseconds: await timed(task, request.runs) });
  }
}
await task.dispose();
