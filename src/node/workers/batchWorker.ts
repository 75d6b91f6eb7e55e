/** Entry of a batch worker thread: batches of patterns in shared memory or in a file, one job a message. */
import { parentPort, workerData } from "node:worker_threads";
import { assembleBatch, type BatchSource } from "../../data/batches.ts";
import type { Patterns } from "../../data/dataset.ts";
import { joinedPatterns } from "../../data/joinedScans.ts";
import { memoryPatterns } from "../../data/memoryPatterns.ts";
import type { ChunkedOrigin, FileOrigin } from "../../data/patternOrigin.ts";
import { preparedPatterns } from "../../data/preparedPatterns.ts";
import { selectedPatterns } from "../../data/selectFrames.ts";
import { PtychonautError } from "../../errors.ts";
import type { ByteSource } from "../../formats/byteSource.ts";
import { openArrayFile } from "../../formats/containers.ts";
import { neighboursOf } from "../../runs/openArrays.ts";
import { chunkedPatterns } from "../../scans/chunkedPatterns.ts";
import { filePatterns } from "../../scans/filePatterns.ts";
import { readFailure } from "../files/failures.ts";
import { openSource } from "../files/fileSource.ts";
import { nodeStore } from "../store.ts";
import type { BatchJob, BatchReply, BatchWorkerData, JoinedToOpen, PatternsToOpen } from "./batchWorkerProtocol.ts";

const data = workerData as BatchWorkerData;
const sourceOf = async (): Promise<BatchSource> => ({
  patterns: await open(data.patterns),
  measurement: data.measurement,
  scales: { inputScale: data.inputScale },
  ...(data.mask === undefined ? {} : { mask: data.mask }),
  groups: data.groups,
  geometry: data.geometry,
  ...(data.labels === undefined ? {} : { labels: data.labels }),
  ...(data.experiments === undefined ? {} : { experiments: data.experiments }),
});
let source: Promise<BatchSource> | undefined;

async function open(patterns: PatternsToOpen): Promise<Patterns> {
  switch (patterns.kind) {
    case "joined":
      return joinedPatterns(await Promise.all(patterns.parts.map(openPart)));
    case "selected":
      return selectedPatterns(await open(patterns.patterns), patterns.frames);
    case "prepared":
      return preparedPatterns(await open(patterns.patterns), patterns.operations, patterns.measurement);
    case "file":
      return filePatterns(reopened(patterns), patterns);
    case "chunked":
      return openChunked(patterns);
    case "shared":
      return memoryPatterns(patterns.data, patterns.shape);
  }
}

const openPart = async (part: JoinedToOpen["parts"][number]) => ({ ...part, patterns: await open(part.patterns) });

/** The main thread has looked at all of the file, so what opens it needs no watch. */
async function openChunked(origin: ChunkedOrigin): Promise<Patterns> {
  const { open: beside } = neighboursOf(origin.path, nodeStore);
  const file = await openArrayFile(reopened(origin), origin.path, { open: beside });
  return chunkedPatterns(file.chunked!(origin.key)!, origin);
}

/** The file that the main thread has open. @throws PtychonautError "changed" when it is not there any more */
function reopened({ path, stamp }: FileOrigin | ChunkedOrigin): ByteSource {
  try {
    return openSource(path, stamp);
  } catch (error) {
    throw readFailure(error, path);
  }
}

async function answer({ id, request }: BatchJob): Promise<void> {
  try {
    source ??= sourceOf();
    const batch = assembleBatch(await source, request);
    const { images, offsets, frames, labels } = batch;
    const sent = [images, offsets, frames, ...Object.values(labels ?? {})].map(({ buffer }) => buffer);
    parentPort!.postMessage({ id, batch } satisfies BatchReply, sent as ArrayBuffer[]);
  } catch (error) {
    if (!(error instanceof PtychonautError)) throw error;
    parentPort!.postMessage({ id, error: error.toPlain() } satisfies BatchReply);
  }
}

parentPort!.on("message", (job: BatchJob) => void answer(job));
