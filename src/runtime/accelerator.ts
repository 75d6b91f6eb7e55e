/** What a user may ask for: as in the reference system, and WebGPU by its name. */
export type Accelerator = "auto" | "cpu" | "gpu" | "cuda" | "webgpu" | "tpu" | "mps";

/** What is to compute there: ONNX Runtime for networks, or the kernels of iterative engines. */
export type Work = "graphs" | "kernels";

/** What is known about the adapter that WebGPU would use. */
export interface Adapter {
  /** Its name, as its driver gives it. */
  readonly name: string;
  /** Whether a processor only pretends to be a GPU: slower than the CPU provider, so never taken unasked. */
  readonly software: boolean;
}

/** Software implementations of Vulkan, Direct3D and OpenGL, by the names that they give themselves. */
const softwareNames = /swiftshader|llvmpipe|lavapipe|softpipe|microsoft basic render|\bwarp\b|software rasterizer/i;

export const isSoftwareAdapter = (name: string): boolean => softwareNames.test(name);

/** What WebGPU says of an adapter. Browsers leave out what would help to recognise a person. */
export interface AdapterInfo {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  readonly isFallbackAdapter?: boolean;
}

export function adapterOf({ vendor, architecture, device, description, isFallbackAdapter }: AdapterInfo): Adapter {
  const said = [description, vendor, architecture, device].filter((part) => part !== "");
  const name = said.join(" ") || "an unnamed adapter";
  return { name, software: isFallbackAdapter === true || isSoftwareAdapter(name) };
}
