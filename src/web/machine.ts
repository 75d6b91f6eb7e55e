import { alone } from "../communicator.ts";
import { inlineLoader } from "../data/batches.ts";
import { PtychonautError } from "../errors.ts";
import { asSource } from "../formats/byteSource.ts";
import type { PictureWriter } from "../pictures/pictureWriter.ts";
import { checkLoaderOptions, type Machine } from "../runs/machine.ts";
import { type ChooseRuntimeOptions, chooseRuntime } from "../runtime/web/accelerator.ts";
import { chooseKernels } from "./kernels.ts";
import { sha256Of } from "./sha256.ts";

/** Memory that a page may count on, GiB: also where the computer has more, a tab is given no more than some of it. */
const USUAL_MEMORY = 4;

export interface WebMachineOptions extends ChooseRuntimeOptions {
  /** What turns figures into files, for example `svgPictures`. Default: runs draw none. */
  readonly pictures?: PictureWriter;
}

/** A page or, better, a worker: its runs hold up whatever else the thread does. Batches are prepared in the same thread. */
export function webMachine({ pictures, ...options }: WebMachineOptions = {}): Machine {
  const { deviceMemory = USUAL_MEMORY } = navigator as { readonly deviceMemory?: number };
  const cores = navigator.hardwareConcurrency;
  return {
    ranks: alone,
    runtime: (accelerator) => chooseRuntime(accelerator, options),
    async checkAccelerator(accelerator) {
      await chooseRuntime(accelerator, options);
    },
    batches(source, wanted = {}) {
      checkLoaderOptions(wanted);
      if ((wanted.numWorkers ?? 0) === 0) return inlineLoader(source);
      throw new PtychonautError("usage", "a page has no threads that prepare batches", {
        got: `num_workers ${wanted.numWorkers}`,
        fix: "leave num_workers at 0",
      });
    },
    kernels: (wanted) => chooseKernels(wanted, options),
    parallelism: cores,
    memory: Math.min(deviceMemory, USUAL_MEMORY) * 2 ** 30,
    async sha256(bytes) {
      return hexadecimal(await sha256Of(asSource(bytes)));
    },
    ...(pictures === undefined ? {} : { pictures }),
    about: {
      versions: { browser: navigator.userAgent },
      platform: "browser",
      arch: "wasm",
      cpu: "unknown",
      cores,
      host: location.host,
      user: "unknown",
      process: hexadecimal(crypto.getRandomValues(new Uint8Array(4))),
    },
  };
}

const hexadecimal = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
