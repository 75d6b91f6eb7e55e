/**
 * How fast compressed patterns are read out of an HDF5 file, as worker threads do in training:
 * `npx tsx bench/hdf5Reading.ts FILE [--key diffraction] [--frames 16000] [--threads 1,2] [--random]`.
 *
 * Every thread opens the file for itself and reads a part of the frames, 32 at a time, in their order or not.
 */
import { parseArgs } from "node:util";
import { startWorker } from "../src/node/workers/workerEntry.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    key: { type: "string", default: "diffraction" },
    frames: { type: "string", default: "16000" },
    threads: { type: "string", default: "1,2" },
    random: { type: "boolean", default: false },
  },
});
const frames = Number(values.frames);

/** What a thread is told. */
export interface ReadingPart {
  readonly path: string;
  readonly key: string;
  readonly first: number;
  readonly frames: number;
  readonly random: boolean;
}

for (const threads of values.threads.split(",").map(Number)) {
  const part = Math.floor(frames / threads);
  const workers = Array.from({ length: threads }, (_, k) => {
    const workerData: ReadingPart = {
      ...{ path: positionals[0], key: values.key, first: k * part, frames: part, random: values.random },
    };
    return startWorker("hdf5ReadingPart", import.meta.url, { workerData });
  });
  const next = <T>(): Promise<T[]> =>
    Promise.all(
      workers.map(
        (worker) => new Promise<T>((resolve, reject) => worker.once("message", resolve).once("error", reject)),
      ),
    );
  // All have opened the file.
  await next();
  const start = performance.now();
  const done = next<number>();
  for (const worker of workers) worker.postMessage("go");
  const bytes = (await done).reduce((sum, own) => sum + own, 0);
  const seconds = (performance.now() - start) / 1000;
  console.log(
    `${threads} threads: ${(bytes / 1e9).toFixed(2)} GB in ${seconds.toFixed(1)} s, ${(bytes / 1e6 / seconds).toFixed(0)} MB of float32 a second`,
  );
}
