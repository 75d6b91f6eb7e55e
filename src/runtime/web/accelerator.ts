import { PtychonautError } from "../../errors.ts";
import { type Accelerator, type Adapter, type AdapterInfo, adapterOf } from "../accelerator.ts";
import type { Runtime } from "../runtime.ts";
import type { WebRuntimeOptions } from "./ort.ts";

const AS_ASKED = "as asked";

export interface ChooseRuntimeOptions extends WebRuntimeOptions {
  /** Lets `gpu`, `webgpu` and `mps` take a software adapter, for tests. Default false. */
  readonly allowSoftware?: boolean;
}

/**
 * The runtime for an accelerator, in a page or a worker. `auto` takes WebGPU on a real GPU, else WebAssembly, which is
 * also what `cpu` means here; `gpu` and `webgpu` are WebGPU; `mps` is WebGPU on macOS.
 * @throws PtychonautError "device" when what was asked for is not there; it says what was found
 */
export async function chooseRuntime(accelerator: Accelerator, options: ChooseRuntimeOptions = {}): Promise<Runtime> {
  const { provider, where, why } = await chooseProvider(accelerator, options);
  // Networks alone need it: whoever asks what there is for engines does not load it.
  const { webRuntime } = await import("./ort.ts");
  return webRuntime(provider, why === AS_ASKED ? `${where}, ${why}` : `${where} (${why})`, options);
}

export interface WebChoice {
  readonly provider: "wasm" | "webgpu";
  /** What was taken and why, a phrase each. */
  readonly where: string;
  readonly why: string;
}

/** The decision alone, which is the same for networks and for engines. @throws as `chooseRuntime` */
export async function chooseProvider(
  accelerator: Accelerator,
  options: Pick<ChooseRuntimeOptions, "allowSoftware"> = {},
): Promise<WebChoice> {
  const processor = { provider: "wasm", where: "WebAssembly on the CPU" } as const;
  if (accelerator === "cpu") return { ...processor, why: AS_ASKED };
  if (accelerator === "cuda" || accelerator === "tpu")
    throw absent(accelerator, "auto, cpu, gpu, webgpu or mps in a browser", accelerator);
  if (accelerator === "mps" && !navigator.userAgent.includes("Macintosh"))
    throw absent("mps", "a browser on macOS", navigator.userAgent);
  const adapter = await findAdapter();
  const allowSoftware = accelerator !== "auto" && options.allowSoftware === true;
  const usable = adapter !== undefined && (!adapter.software || allowSoftware);
  const missing = adapter === undefined ? "no WebGPU here" : `WebGPU has only a software adapter (${adapter.name})`;
  if (!usable) {
    if (accelerator === "auto") return { ...processor, why: `auto: no GPU; ${missing}` };
    throw absent(accelerator, "a GPU through WebGPU", missing);
  }
  const note = adapter.software ? ", a software adapter that was allowed for testing" : "";
  return {
    provider: "webgpu",
    where: `WebGPU on ${adapter.name}${note}`,
    why: accelerator === "auto" ? "auto: a GPU is there" : `${accelerator}, as asked`,
  };
}

/** The part of WebGPU that says what there is. */
interface Gpu {
  requestAdapter(): Promise<{ readonly info: AdapterInfo } | null>;
}

async function findAdapter(): Promise<Adapter | undefined> {
  const { gpu } = navigator as { readonly gpu?: Gpu };
  const adapter = await gpu?.requestAdapter();
  return adapter === undefined || adapter === null ? undefined : adapterOf(adapter.info);
}

const absent = (accelerator: Accelerator, expected: string, got: string): PtychonautError =>
  new PtychonautError("device", `accelerator ${accelerator} is not available`, {
    expected,
    got,
    fix: "choose cpu, or auto, which takes a GPU where there is one",
  });
