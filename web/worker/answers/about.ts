import { describeKernels } from "../../../src/engines/kernels/describe.ts";
import type { Answers } from "./answer.ts";

export const about: Answers<"about"> = async (_, { home: { machine, store }, stored }) => {
  const kernels = await machine.kernels({ threads: machine.parallelism, accelerator: "auto" });
  try {
    const oneThread = crossOriginIsolated
      ? undefined
      : "one thread: whoever serves this page does not isolate it from others, which sharing memory needs";
    return {
      store: stored,
      room: await store.freeBytes("/"),
      engines: describeKernels(kernels),
      threads: kernels.threads,
      ...(oneThread === undefined ? {} : { oneThread }),
    };
  } finally {
    await kernels.close();
  }
};
