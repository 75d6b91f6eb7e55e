/** Entry of a batch worker thread: batches of patterns in shared memory or in a file, one job a message. */
import { parentPort, workerData } from "node:worker_threads";
import { assembleBatch, type BatchSource } from "../../data/batches.ts";
import type { Patterns } from "../../data/dataset.ts";
import { joinedPatterns } from "../../data/joinedScans.ts";
import { memoryPatterns } from "../../data/memoryPatterns.ts";
import type { FileOrigin } from "../../data/patternOrigin.ts";
import { preparedPatterns } from "../../data/preparedPatterns.ts";
import { selectedPatterns } from "../../data/selectFrames.ts";
import { PtychonautError } from "../../errors.ts";
import type { ByteSource } from "../../formats/byteSource.ts";
import { filePatterns } from "../../scans/filePatterns.ts";
import { readFailure } from "../files/failures.ts";
import { openSource } from "../files/fileSource.ts";
import type { BatchJob, BatchReply, BatchWorkerData, PatternsToOpen } from "./batchWorkerProtocol.ts";

const data = workerData as BatchWorkerData;
const sourceOf = (): BatchSource => ({
  patterns: open(data.patterns),
  measurement: data.measurement,
  scales: { inputScale: data.inputScale },
  ...(data.mask === undefined ? {} : { mask: data.mask }),
  groups: data.groups,
  geometry: data.geometry,
  ...(data.labels === undefined ? {} : { labels: data.labels }),
  ...(data.experiments === undefined ? {} : { experiments: data.experiments }),
});
let source: BatchSource | undefined;

function open(patterns: PatternsToOpen): Patterns {
  switch (patterns.kind) {
    case "joined":
      return joinedPatterns(patterns.parts.map((part) => ({ ...part, patterns: open(part.patterns) })));
    case "selected":
      return selectedPatterns(open(patterns.patterns), patterns.frames);
    case "prepared":
      return preparedPatterns(open(patterns.patterns), patterns.operations, patterns.measurement);
    case "file":
      return filePatterns(reopened(patterns), patterns);
    case "shared":
      return memoryPatterns(patterns.data, patterns.shape);
  }
}

/** The file that the main thread has open. @throws PtychonautError "changed" when it is not there any more */
function reopened({ path, stamp }: FileOrigin): ByteSource {
  try {
    return openSource(path, stamp);
  } catch (error) {
    throw readFailure(error, path);
  }
}

parentPort!.on("message", ({ id, request }: BatchJob) => {
  try {
    source ??= sourceOf();
    const batch = assembleBatch(source, request);
    const { images, offsets, frames, labels } = batch;
    const sent = [images, offsets, frames, ...Object.values(labels ?? {})].map(({ buffer }) => buffer);
    parentPort!.postMessage({ id, batch } satisfies BatchReply, sent as ArrayBuffer[]);
  } catch (error) {
    if (!(error instanceof PtychonautError)) throw error;
    parentPort!.postMessage({ id, error: error.toPlain() } satisfies BatchReply);
  }
});
