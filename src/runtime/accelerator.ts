/** What a user may ask for, as in the reference system. */
export type Accelerator = "auto" | "cpu" | "gpu" | "cuda" | "tpu" | "mps";

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
