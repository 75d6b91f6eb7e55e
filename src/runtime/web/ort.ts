import type { InferenceSession } from "onnxruntime-common";
import { PtychonautError } from "../../errors.ts";
import { ortDeviceMemory } from "../ortDeviceMemory.ts";
import { OrtSession } from "../ortSession.ts";
import type { Runtime, SessionOptions } from "../runtime.ts";

export interface WebRuntimeOptions {
  /**
   * Threads of WebAssembly, fixed when the page's first session is made. Default: ONNX Runtime's choice. More
   * than one needs a cross-origin isolated page (headers Cross-Origin-Opener-Policy and Cross-Origin-Embedder-Policy).
   */
  readonly threads?: number;
  /** URL of the folder with ONNX Runtime's .wasm files, where the bundler does not place them itself. */
  readonly wasmUrl?: string;
}

/** The runtime in a page or a worker: onnxruntime-web with one execution provider. Which one: `accelerator.ts`. */
export async function webRuntime(
  provider: "wasm" | "webgpu",
  description: string,
  options: WebRuntimeOptions = {},
): Promise<Runtime> {
  // Each build brings its own .wasm file; a page loads only the one it uses.
  const ort = provider === "webgpu" ? await import("onnxruntime-web/webgpu") : await import("onnxruntime-web/wasm");
  if (options.threads !== undefined) ort.env.wasm.numThreads = options.threads;
  if (options.wasmUrl !== undefined) ort.env.wasm.wasmPaths = options.wasmUrl;
  ort.env.logLevel = "error";
  const open = (
    model: Uint8Array,
    session: SessionOptions = {},
    preferredOutputLocation: OutputLocations = {},
  ): Promise<InferenceSession> => {
    refuseUnsupported(session);
    return create(ort.InferenceSession, model, provider, preferredOutputLocation);
  };
  return {
    provider,
    description,
    target: "portable",
    load: async (model, session) => new OrtSession(await open(model, session), { Tensor: ort.Tensor }),
    ...(provider === "webgpu" && { memory: ortDeviceMemory(open, ort.Tensor) }),
  };
}

type OutputLocations = Readonly<Record<string, "gpu-buffer">>;

async function create(
  factory: typeof InferenceSession,
  model: Uint8Array,
  provider: "wasm" | "webgpu",
  preferredOutputLocation: OutputLocations,
): Promise<InferenceSession> {
  try {
    return await factory.create(model, {
      executionProviders: [provider],
      graphOptimizationLevel: "all",
      preferredOutputLocation,
    });
  } catch (cause) {
    throw new PtychonautError("device", `ONNX Runtime refuses the graph on provider ${provider}`, {
      got: cause instanceof Error ? cause.message : String(cause),
      cause,
    });
  }
}

function refuseUnsupported({ threads, profile }: SessionOptions): void {
  if (threads !== undefined) {
    throw new PtychonautError("usage", "one session in a browser cannot have threads of its own", {
      fix: "set the threads where the runtime is chosen",
    });
  }
  if (profile !== undefined) {
    throw new PtychonautError("usage", "profiles are files, which a browser does not write", {
      fix: "profile in Node, or with the browser's own tools",
    });
  }
}
