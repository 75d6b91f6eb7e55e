import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { buildModel } from "../../graph/onnx/model.ts";
import { exp } from "../../graph/ops/elementwise.ts";
import { Graph } from "../../graph/tensor.ts";
import { type Adapter, type AdapterInfo, adapterOf, isSoftwareAdapter } from "../accelerator.ts";

/**
 * What GPUs this machine has, found by opening a session on them in a process of its own: a broken driver may print,
 * hang or abort, and none of that may reach the user's run.
 */
export interface Findings {
  /** In Node's words: "linux", "darwin", "win32" … */
  readonly platform: string;
  cuda(): Promise<Finding>;
  webgpu(): Promise<Finding>;
  /** By the optional package `webgpu`, on which the kernels of engines compute. */
  kernelGpu(): Promise<Finding>;
}

/** The adapter that can be used, or in one phrase why there is none. */
export type Finding = { readonly adapter: Adapter } | { readonly missing: string };

const TIMEOUT_MS = 60_000;

const resolvePackage = createRequire(import.meta.url).resolve;

export const thisMachine: Findings = {
  platform: process.platform,
  cuda: once(findCuda),
  webgpu: once(findWebGpu),
  kernelGpu: once(findKernelGpu),
};

async function findCuda(): Promise<Finding> {
  const library = join(
    dirname(resolvePackage("onnxruntime-node/package.json")),
    `bin/napi-v6/${process.platform}/${process.arch}/libonnxruntime_providers_cuda.so`,
  );
  if (!existsSync(library)) return { missing: "ONNX Runtime's CUDA provider is not installed" };
  const attempt = await open("cuda");
  if (attempt.error !== undefined) return { missing: `the CUDA provider does not start: ${attempt.error}` };
  return { adapter: { name: nvidiaModel() ?? "an NVIDIA GPU", software: false } };
}

async function findWebGpu(): Promise<Finding> {
  const attempt = await open("webgpu");
  const names = process.platform === "win32" ? await windowsAdapters() : vulkanDevices(attempt.log);
  const found = names.length === 0 ? "" : ` (found: ${names.join(", ")})`;
  if (attempt.error !== undefined) return { missing: `no adapter for WebGPU${found}` };
  // Metal has no software adapter.
  if (process.platform === "darwin") return { adapter: { name: "Apple Metal", software: false } };
  return { adapter: chosenAdapter(names, attempt.log) };
}

/**
 * Dawn, which implements WebGPU in ONNX Runtime, takes a discrete GPU before an integrated one before a processor, and
 * leaves out devices that lack what it needs, which it reports. It does not say which it took: where that may be a
 * software adapter, it counts as one.
 */
export function chosenAdapter(names: readonly string[], log: string): Adapter {
  const real = names.filter((name) => !isSoftwareAdapter(name));
  const rejected = log.includes("While initializing adapter");
  if (real.length === 0) return { name: names[0] ?? "an adapter without a name", software: true };
  return { name: real[0], software: rejected && names.length > 1 };
}

/** Device names out of the Vulkan loader's log (`VK_LOADER_DEBUG`), in its order. */
export function vulkanDevices(log: string): string[] {
  const names = new Set<string>();
  let listing = false;
  for (const line of log.split("\n")) {
    const device = /\[\d+\] (.+?)\s*$/.exec(line);
    if (line.includes("linux_read_sorted_physical_devices")) listing = true;
    else if (listing && device !== null) names.add(device[1]);
    else if (!/order:/.test(line)) listing = false;
  }
  return [...names];
}

async function windowsAdapters(): Promise<string[]> {
  const query = "(Get-CimInstance Win32_VideoController).Name";
  const { output } = await run("powershell.exe", ["-NoProfile", "-NonInteractive", "-Command", query], {});
  return output
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

function nvidiaModel(): string | undefined {
  const folder = "/proc/driver/nvidia/gpus";
  if (!existsSync(folder)) return undefined;
  const [first] = readdirSync(folder);
  if (first === undefined) return undefined;
  return /Model:\s*(.+)/.exec(readFileSync(join(folder, first, "information"), "utf8"))?.[1]?.trim();
}

/** Asks the package `webgpu` for the adapter that it takes, and for a device on it. */
const dawnScript = `
import(process.argv[1])
  .then(async ({ create }) => {
    const gpu = create([]);
    const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
    if (adapter === null) return console.log("{}");
    const device = await adapter.requestDevice();
    await device.queue.onSubmittedWorkDone();
    const { vendor, architecture, device: model, description, isFallbackAdapter } = adapter.info;
    console.log(JSON.stringify({ info: { vendor, architecture, device: model, description, isFallbackAdapter } }));
    process.exit(0);
  })
  .catch((error) => console.log(JSON.stringify({ error: error.message })));
`;

async function findKernelGpu(): Promise<Finding> {
  let entry: string;
  try {
    entry = pathToFileURL(resolvePackage("webgpu")).href;
  } catch {
    return { missing: "the package webgpu is not installed (npm install webgpu)" };
  }
  const { output, log } = await run(process.execPath, ["-e", dawnScript, entry], {});
  const last = output.trim().split("\n").at(-1) ?? "";
  if (!last.startsWith("{")) return { missing: `the package webgpu fails: ${lastLine(log)}` };
  const { error, info } = JSON.parse(last) as { readonly error?: string; readonly info?: AdapterInfo };
  if (error !== undefined) return { missing: `the package webgpu does not start: ${error}` };
  return info === undefined ? { missing: "no adapter for WebGPU" } : { adapter: adapterOf(info) };
}

const lastLine = (log: string): string => log.trim().split("\n").at(-1) || "it ends without a word";

/** Opens a session of a one-operator graph on a provider and runs it. Plain JavaScript: Node runs it without us. */
const script = `
const [, entry, provider, model] = process.argv;
const { InferenceSession, Tensor } = require(entry);
InferenceSession.create(Buffer.from(model, "base64"), { executionProviders: [provider], logSeverityLevel: 4 })
  .then((session) => session.run({ x: new Tensor("float32", Float32Array.of(0), [1]) }))
  .then(({ y }) => console.log(y.data[0] === 1 ? "works" : "computes wrong numbers"))
  .catch((error) => console.log(error.message));
`;

async function open(provider: "cuda" | "webgpu"): Promise<{ error: string | undefined; log: string }> {
  const graph = new Graph();
  const model = buildModel({ outputs: { y: exp(graph.input("x", [1])) } });
  const { output, log } = await run(
    process.execPath,
    ["-e", script, resolvePackage("onnxruntime-node"), provider, Buffer.from(model).toString("base64")],
    { VK_LOADER_DEBUG: "driver" },
  );
  const lines = output.trim().split("\n");
  const last = lines.at(-1);
  return { error: last === "works" ? undefined : last || "the probe ended without a word", log };
}

function run(
  program: string,
  args: readonly string[],
  extra: Readonly<Record<string, string>>,
): Promise<{ output: string; log: string }> {
  const options = { env: { ...process.env, NODE_OPTIONS: "", ...extra }, timeout: TIMEOUT_MS, windowsHide: true };
  return new Promise((resolve) => {
    execFile(program, args, options, (_error, output, log) => resolve({ output, log }));
  });
}

function once<T>(find: () => Promise<T>): () => Promise<T> {
  let found: Promise<T> | undefined;
  return () => {
    found ??= find();
    return found;
  };
}
