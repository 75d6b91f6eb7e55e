import { writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { env } from "onnxruntime-node";
import { writeNpy } from "../src/formats/npy.ts";
import { writeNpz } from "../src/formats/npz.ts";
import { predictionGraph } from "../src/inference/predictionModel.ts";
import { chooseRuntime } from "../src/runtime/node/accelerator.ts";
import type { Answer, Request } from "./contender.ts";
import { type Form, inferenceTask, type Learning, learningTask, type Task, trainingTask } from "./ourTasks.ts";
import { type Problem, readProblem } from "./problem.ts";

/** The process that runs this product: `ourContender.ts FOLDER train|infer|learn THREADS fused|replicas`. */
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

async function serve(answer: (request: Request) => Promise<Answer>): Promise<void> {
  say({ ready: true });
  for await (const line of createInterface({ input: process.stdin })) say(await answer(JSON.parse(line) as Request));
}

async function workOn(task: Task): Promise<void> {
  await serve(async (request) => {
    if (request.command === "check") return check(task, request.path);
    if (request.command === "learn") throw new Error("a single step cannot learn for epochs");
    await timed(task, 1);
    return { milliseconds: await timed(task, request.runs) };
  });
  await task.dispose();
}

async function learn(task: Learning, problem: Problem): Promise<void> {
  const { specs } = predictionGraph(problem.model, 1);
  await serve(async (request) => {
    if (request.command !== "learn") throw new Error(`a training takes no ${request.command}`);
    const learned = await task.learn(request.epochs);
    const weights = await task.weights();
    const arrays = specs.map(({ name, shape }) => [name, { shape, dtype: "float32", data: weights[name] }] as const);
    await writeFile(request.path, writeNpz(Object.fromEntries(arrays), { compress: false }));
    return learned;
  });
  await task.dispose();
}

say({ versions: { node: process.versions.node, onnxruntime: env.versions.node ?? env.versions.common } });
const problem = await readProblem(folder);
const runtime = await chooseRuntime("cpu", { session: { threads } });
if (taskName === "learn") await learn(await learningTask(problem, runtime), problem);
else if (taskName === "train") await workOn(await trainingTask(problem, runtime, form, threads));
else await workOn(await inferenceTask(problem, runtime));
