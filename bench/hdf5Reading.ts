/**
 * How fast compressed patterns are read out of an HDF5 file, as worker threads do in training:
 * `npx tsx bench/hdf5Reading.ts FILE [--key diffraction] [--frames 16000] [--threads 1,2] [--random] [--python PATH] [--rounds 1]`.
 *
 * Every thread opens the file for itself and reads a part of the frames, 32 at a time, in their order or not. A Python with
 * h5py and hdf5plugin does the same in one process. They take turns, and the best of the rounds counts.
 */
import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";
import { sizeOf } from "../src/arrays.ts";
import { openArrayFile } from "../src/formats/containers.ts";
import { openSource } from "../src/node/files/fileSource.ts";
import { startWorker } from "../src/node/workers/workerEntry.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    key: { type: "string", default: "diffraction" },
    frames: { type: "string", default: "16000" },
    threads: { type: "string", default: "1,2" },
    random: { type: "boolean", default: false },
    python: { type: "string" },
    rounds: { type: "string", default: "1" },
  },
});
const [path] = positionals;
const frames = Number(values.frames);

const H5PY = "h5py, one process";

/** What a thread is told. */
export interface ReadingPart {
  readonly path: string;
  readonly key: string;
  readonly first: number;
  readonly frames: number;
  readonly random: boolean;
}

/** Seconds: on the clock, and of processors. */
type Times = readonly [wall: number, work: number];

/** How long so many threads take together, once all have opened the file. */
async function read(threads: number): Promise<Times> {
  const part = Math.floor(frames / threads);
  const workers = Array.from({ length: threads }, (_, k) => {
    const workerData: ReadingPart = { path, key: values.key, first: k * part, frames: part, random: values.random };
    return startWorker("hdf5ReadingPart", import.meta.url, { workerData });
  });
  const next = (): Promise<unknown> =>
    Promise.all(
      workers.map((worker) => new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject))),
    );
  await next();
  const [start, before] = [performance.now(), process.cpuUsage()];
  const done = next();
  for (const worker of workers) worker.postMessage("go");
  await done;
  const { user, system } = process.cpuUsage(before);
  return [(performance.now() - start) / 1e3, (user + system) / 1e6];
}

/** The same in one process of h5py. */
const PROGRAM = `
import sys, time, h5py, hdf5plugin, numpy as np
path, key, frames, random = sys.argv[1:]
numbers = np.arange(int(frames))
if random == "true": numbers = np.random.default_rng(1).permutation(numbers)
with h5py.File(path) as f:
    d = f[key]
    start, before = time.perf_counter(), time.process_time()
    for i in range(0, len(numbers), 32):
        some = numbers[i : i + 32]
        if random == "true": [d[k].astype("f4") for k in some]
        else: d[i : i + 32].astype("f4")
    print(time.perf_counter() - start, time.process_time() - before)
`;

const file = await openArrayFile(openSource(path), path);
const gigabytes = (4 * frames * sizeOf(file.header(values.key).shape.slice(-2))) / 1e9;
file.close();

const contenders: Record<string, () => Times | Promise<Times>> = Object.fromEntries(
  values.threads.split(",").map((threads) => [`${threads} threads`, () => read(Number(threads))]),
);
if (values.python !== undefined) {
  const args = ["-c", PROGRAM, path, values.key, values.frames, String(values.random)];
  contenders[H5PY] = () => {
    const [wall, work] = execFileSync(values.python!, args, { encoding: "utf8" }).split(" ").map(Number);
    return [wall, work];
  };
}
const best = new Map<string, Times>();
for (let round = 0; round < Number(values.rounds); round++)
  for (const [name, time] of Object.entries(contenders)) {
    const [wall, work] = await time();
    const [shortest, least] = best.get(name) ?? [wall, work];
    best.set(name, [Math.min(shortest, wall), Math.min(least, work)]);
  }

const reference = best.get(H5PY)?.[0];
for (const [name, [wall, work]] of best) {
  const ratio = reference === undefined ? "" : `, ${(reference / wall).toFixed(2)} of h5py's speed`;
  const speed = `${((1000 * gigabytes) / wall).toFixed(0)} MB of float32 a second`;
  console.log(`${name}: ${speed}, ${(work / gigabytes).toFixed(3)} s of a processor a GB${ratio}`);
}
