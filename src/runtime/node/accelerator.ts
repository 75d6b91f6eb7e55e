import { PtychonautError, setting } from "../../errors.ts";
import type { Accelerator, Adapter, Work } from "../accelerator.ts";
import type { Provider, Runtime, SessionOptions } from "../runtime.ts";
import { type Finding, type Findings, thisMachine } from "./adapterProbe.ts";
import { cpuTarget } from "./channelBlock.ts";
import { nodeRuntime } from "./ort.ts";

export interface ChooseRuntimeOptions {
  /** What sessions use unless told otherwise. */
  readonly session?: SessionOptions;
  /**
   * Lets `gpu`, `webgpu`, `mps` and nothing else take a software adapter, to test the GPU path where no GPU is. Default: whether
   * the environment variable PTYCHONAUT_SOFTWARE_GPU is 1.
   */
  readonly allowSoftware?: boolean;
}

export interface Choice {
  readonly provider: Provider;
  /** What was taken and why, in one line. */
  readonly description: string;
}

/**
 * The runtime for an accelerator. `auto` takes a real GPU where there is one, else the CPU; `gpu` is CUDA where its
 * provider is installed, else WebGPU; `mps` is WebGPU on macOS.
 * @throws PtychonautError "device" when what was asked for is not there; it says what was found
 */
export async function chooseRuntime(accelerator: Accelerator, options: ChooseRuntimeOptions = {}): Promise<Runtime> {
  const allowSoftware = options.allowSoftware ?? softwareAllowed();
  const { provider, description } = await choose(accelerator, thisMachine, allowSoftware);
  const runtime = nodeRuntime(provider, description, options.session);
  return provider === "cpu" ? { ...runtime, target: await cpuTarget(runtime) } : runtime;
}

/**
 * Fails where an accelerator that was asked for by name is not there, without opening a session on it in this process.
 * @throws PtychonautError "device"; it says what was found
 */
export async function checkAccelerator(
  accelerator: Accelerator,
  work: Work = "graphs",
  machine: Findings = thisMachine,
): Promise<void> {
  // These two are always there, and looking for a GPU takes a moment.
  if (accelerator === "cpu" || accelerator === "auto") return;
  await (work === "graphs" ? choose : chooseForKernels)(accelerator, machine, softwareAllowed());
}

const softwareAllowed = (): boolean => process.env["PTYCHONAUT_SOFTWARE_GPU"] === "1";

/** The decision alone, over what a machine has. */
export async function choose(accelerator: Accelerator, machine: Findings, allowSoftware: boolean): Promise<Choice> {
  switch (accelerator) {
    case "cpu":
      return { provider: "cpu", description: "CPU, as asked" };
    case "cuda":
      return asked(accelerator, await found("cuda", machine, false));
    case "gpu":
      return asked(accelerator, await firstGpu(machine, allowSoftware));
    case "webgpu":
      return asked(accelerator, await found("webgpu", machine, allowSoftware));
    case "mps":
      if (machine.platform !== "darwin") throw notMac(machine);
      return asked(accelerator, await found("webgpu", machine, allowSoftware));
    case "tpu":
      throw absent("tpu", "a CPU or a GPU, since ONNX Runtime has no provider for TPUs", await devicesOf(machine));
    case "auto": {
      const gpu = await firstGpu(machine, false);
      if ("missing" in gpu) return { provider: "cpu", description: `CPU (auto: no GPU; ${gpu.missing})` };
      return { provider: gpu.provider, description: `${gpu.description} (auto: a GPU is there)` };
    }
  }
}

/**
 * The same for the kernels of iterative engines, which compute on the CPU or by WebGPU, through a package of its own.
 * @throws PtychonautError "device" as `choose`
 */
export async function chooseForKernels(
  accelerator: Accelerator,
  machine: Pick<Findings, "platform" | "kernelGpu">,
  allowSoftware: boolean,
): Promise<KernelChoice> {
  const find = async (software: boolean): Promise<Found> => usable(await machine.kernelGpu(), "webgpu", software);
  switch (accelerator) {
    case "cpu":
      return { provider: "cpu", why: "cpu, as asked" };
    case "cuda":
    case "tpu":
      throw new PtychonautError("device", `accelerator ${accelerator} is not available to iterative engines but ad`, {
        expected: "cpu, or a GPU through WebGPU, whoever made it",
        got: accelerator,
        fix: `use ${setting("accelerator", "webgpu")} or ${setting("accelerator", "cpu")}; ${setting("engine", "ad")} computes where networks do`,
      });
    case "mps":
      if (machine.platform !== "darwin") throw notMac(machine);
      return askedKernels(accelerator, await find(allowSoftware));
    case "gpu":
    case "webgpu":
      return askedKernels(accelerator, await find(allowSoftware));
    case "auto": {
      const gpu = await find(false);
      if ("missing" in gpu) return { provider: "cpu", why: `auto: ${gpu.missing}` };
      return { provider: "webgpu", why: "auto: a GPU is there" };
    }
  }
}

export interface KernelChoice {
  readonly provider: "cpu" | "webgpu";
  /** In one phrase. */
  readonly why: string;
}

function askedKernels(accelerator: Accelerator, result: Found): KernelChoice {
  if ("missing" in result) throw absent(accelerator, "a GPU through WebGPU", result.missing);
  return { provider: "webgpu", why: `${accelerator}, as asked` };
}

/** What kernels of engines are to compute on here. @throws PtychonautError as `chooseForKernels` */
export const kernelChoice = (accelerator: Accelerator): Promise<KernelChoice> =>
  chooseForKernels(accelerator, thisMachine, softwareAllowed());

const notMac = ({ platform }: Pick<Findings, "platform">): PtychonautError =>
  absent("mps", "macOS with an Apple GPU", `the platform ${platform}`);

/** What there is to compute on, in one phrase. */
async function devicesOf(machine: Findings): Promise<string> {
  const gpu = await firstGpu(machine, false);
  return "missing" in gpu
    ? `a machine with a CPU and no GPU (${gpu.missing})`
    : `a machine with a CPU and ${gpu.description}`;
}

/** CUDA before WebGPU: it keeps less on the host and has kernels of its maker. */
async function firstGpu(machine: Findings, allowSoftware: boolean): Promise<Found> {
  const cuda = await found("cuda", machine, false);
  if (!("missing" in cuda)) return cuda;
  const webgpu = await found("webgpu", machine, allowSoftware);
  return "missing" in webgpu ? { missing: `${cuda.missing}; ${webgpu.missing}` } : webgpu;
}

type Found = Choice | { readonly missing: string };

async function found(provider: "cuda" | "webgpu", machine: Findings, allowSoftware: boolean): Promise<Found> {
  return usable(await machine[provider](), provider, allowSoftware);
}

function usable(finding: Finding, provider: "cuda" | "webgpu", allowSoftware: boolean): Found {
  if ("missing" in finding) return finding;
  const { adapter } = finding;
  if (adapter.software && !allowSoftware) return { missing: `WebGPU has only a software adapter (${adapter.name})` };
  return { provider, description: describe(provider, adapter) };
}

function describe(provider: "cuda" | "webgpu", { name, software }: Adapter): string {
  const line = `${provider === "cuda" ? "CUDA" : "WebGPU"} on ${name}`;
  return software ? `${line}, a software adapter that was allowed for testing` : line;
}

function asked(accelerator: Accelerator, result: Found): Choice {
  if (!("missing" in result)) return { ...result, description: `${result.description} (${accelerator}, as asked)` };
  throw absent(
    accelerator,
    accelerator === "cuda" ? "an NVIDIA GPU and ONNX Runtime's CUDA provider" : "a GPU",
    result.missing,
  );
}

const absent = (accelerator: Accelerator, expected: string, got: string): PtychonautError =>
  new PtychonautError("device", `accelerator ${accelerator} is not available`, {
    expected,
    got,
    fix: `use ${setting("accelerator", "cpu")}, or auto, which takes a GPU where there is one`,
  });
