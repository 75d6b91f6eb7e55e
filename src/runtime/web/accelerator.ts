import { PtychonautError } from "../../errors.ts";
import { type Accelerator, type Adapter, isSoftwareAdapter } from "../accelerator.ts";
import type { Runtime } from "../runtime.ts";
import { type WebRuntimeOptions, webRuntime } from "./ort.ts";

export interface ChooseRuntimeOptions extends WebRuntimeOptions {
  /** Lets `gpu` and `mps` take a software adapter, for tests. Default false. */
  readonly allowSoftware?: boolean;
}

/**
 * The runtime for an accelerator, in a page or a worker. `auto` takes WebGPU on a real GPU, else WebAssembly, which is
 * also what `cpu` means here; `gpu` is WebGPU; `mps` is WebGPU on macOS.
 * @throws PtychonautError "device" when what was asked for is not there; it says what was found
 */
export async function chooseRuntime(accelerator: Accelerator, options: ChooseRuntimeOptions = {}): Promise<Runtime> {
  if (accelerator === "cpu") return webRuntime("wasm", "WebAssembly on the CPU, as asked", options);
  if (accelerator === "cuda" || accelerator === "tpu") {
    throw absent(accelerator, "auto, cpu, gpu or mps in a browser", accelerator);
  }
  if (accelerator === "mps" && !navigator.userAgent.includes("Macintosh")) {
    throw absent("mps", "a browser on macOS", navigator.userAgent);
  }
  const adapter = await findAdapter();
  const allowSoftware = accelerator !== "auto" && options.allowSoftware === true;
  const usable = adapter !== undefined && (!adapter.software || allowSoftware);
  const missing = adapter === undefined ? "no WebGPU here" : `WebGPU has only a software adapter (${adapter.name})`;
  if (accelerator !== "auto") {
    if (!usable) throw absent(accelerator, "a GPU through WebGPU", missing);
    const note = adapter.software ? ", a software adapter that was allowed for testing" : "";
    return webRuntime("webgpu", `WebGPU on ${adapter.name}${note} (${accelerator}, as asked)`, options);
  }
  return usable
    ? webRuntime("webgpu", `WebGPU on ${adapter.name} (auto: a GPU is there)`, options)
    : webRuntime("wasm", `WebAssembly on the CPU (auto: no GPU; ${missing})`, options);
}

/** The part of WebGPU that says what there is. */
interface Gpu {
  requestAdapter(): Promise<{
    readonly info: {
      readonly vendor: string;
      readonly architecture: string;
      readonly device: string;
      readonly description: string;
      readonly isFallbackAdapter?: boolean;
    };
  } | null>;
}

async function findAdapter(): Promise<Adapter | undefined> {
  const { gpu } = navigator as { readonly gpu?: Gpu };
  const adapter = await gpu?.requestAdapter();
  if (adapter === undefined || adapter === null) return undefined;
  const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
  // Browsers leave out what would help to recognise a person; vendor and architecture usually remain.
  const name =
    [description, vendor, architecture, device].filter((part) => part !== "").join(" ") || "an unnamed adapter";
  return { name, software: isFallbackAdapter === true || isSoftwareAdapter(name) };
}

const absent = (accelerator: Accelerator, expected: string, got: string): PtychonautError =>
  new PtychonautError("device", `accelerator ${accelerator} is not available`, {
    expected,
    got,
    fix: "choose cpu, or auto, which takes a GPU where there is one",
  });
