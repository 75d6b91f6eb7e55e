/** A thread of `hdf5Reading.ts`. */
import { parentPort, workerData } from "node:worker_threads";
import type { RealDtype } from "../src/arrays.ts";
import { openArrayFile } from "../src/formats/containers.ts";
import { openSource } from "../src/node/files/fileSource.ts";
import { Random } from "../src/random.ts";
import { chunkedPatterns } from "../src/scans/chunkedPatterns.ts";
import type { ReadingPart } from "./hdf5Reading.ts";

const AT_ONCE = 32;
const { path, key, first, frames, random } = workerData as ReadingPart;
const file = await openArrayFile(openSource(path), path);
const { shape, dtype, itemSize } = file.header(key);
const [count, height, width] = shape;
const patterns = chunkedPatterns(file.chunked!(key)!, {
  ...{ kind: "chunked", path, key, dtype: dtype as RealDtype, itemSize, shape: [count, height, width], dcAt: "center" },
});
const numbers = Array.from({ length: frames }, (_, k) => first + k);
if (random) new Random(first).shuffle(numbers);
const out = new Float32Array(AT_ONCE * height * width);

parentPort!.once("message", () => {
  for (let at = 0; at + AT_ONCE <= frames; at += AT_ONCE) patterns.read(numbers.slice(at, at + AT_ONCE), out);
  parentPort!.postMessage("done");
});
parentPort!.postMessage("open");
