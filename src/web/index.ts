/** The door of the package in pages and workers: the core, and ONNX Runtime's WebAssembly and WebGPU. */
export * from "../index.ts";
export { type ChooseRuntimeOptions, chooseRuntime } from "../runtime/web/accelerator.ts";
export { type WebRuntimeOptions, webRuntime } from "../runtime/web/ort.ts";
export { fileSource } from "./fileSource.ts";
export { type WebMachineOptions, webMachine } from "./machine.ts";
export { svgPictures } from "./svgPictures.ts";
