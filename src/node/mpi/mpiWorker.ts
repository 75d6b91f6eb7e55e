/** Entry of the thread that makes every MPI call: one job a message, one after the other. */
import { parentPort, workerData } from "node:worker_threads";
import { PtychonautError } from "../../errors.ts";
import type { Launch } from "./launcher.ts";
import { howToInstall, loadLibrary, type MpiLibrary } from "./library.ts";
import type { MpiJob, MpiReply, MpiWorkerData } from "./mpiProtocol.ts";
import { type Exchange, OrderedSum } from "./orderedSum.ts";
import { gatherInPieces, PIECE } from "./pieces.ts";

const { launch, named } = workerData as MpiWorkerData;
const port = parentPort!;
const reply = (message: MpiReply): void => port.postMessage(message);

/** Starts MPI, and is sure that all processes of the launcher are in it. */
async function start(): Promise<MpiLibrary> {
  const library = await loadLibrary(launch.family, named);
  const granted = library.init();
  if (granted < library.serialized)
    throw new PtychonautError("device", "this MPI library does not let a thread other than the first call it", {
      where: library.path,
      fix: "use one that was built with threads (MPI_THREAD_SERIALIZED)",
    });
  checkTogether(library, launch);
  return library;
}

/** A library that does not understand the launcher believes to be alone, in every process. */
function checkTogether(library: MpiLibrary, { by, family, rank, size }: Launch): void {
  const own = { rank: library.rank(), size: library.size() };
  if (size === undefined ? rank < own.size : own.size === size) return;
  throw new PtychonautError("device", "the MPI library is not of the launcher's family", {
    where: library.path,
    expected: size === undefined ? `process ${rank} of a job` : `${size} processes, as started by ${by}`,
    got: `${own.size} (${library.version})`,
    fix: howToInstall(family),
  });
}

/** Sums are made in every step, and wait awake; whatever else there is may wait long, for one that reads or writes. */
function run(library: MpiLibrary, exchange: Exchange, sums: OrderedSum, job: MpiJob): void {
  switch (job.kind) {
    case "sum":
      sums.sum(job.values);
      break;
    case "broadcast":
      library.meet();
      for (let first = 0; first < job.bytes.length; first += PIECE) {
        const piece = job.bytes.subarray(first, first + PIECE);
        library.broadcast(piece, piece.length);
      }
      break;
    case "gather":
      library.meet();
      gatherInPieces(exchange, job.own, job.all);
      break;
    case "barrier":
      library.meet();
      break;
    case "close":
      library.finalize();
  }
}

/** Does work and says so; an error of ours goes to the main thread as what it is. */
function said(work: () => MpiReply): void {
  try {
    reply(work());
  } catch (error) {
    if (!(error instanceof PtychonautError)) throw error;
    reply({ kind: "failed", error: error.toPlain() });
  }
}

try {
  const library = await start();
  const [rank, size] = [library.rank(), library.size()];
  const { path, family, version } = library;
  const exchange: Exchange = {
    rank,
    size,
    alltoall: (...args) => library.alltoall(...args),
    allgather: (...args) => library.allgather(...args),
  };
  const sums = new OrderedSum(exchange);
  port.on("message", (job: MpiJob) =>
    said(() => {
      run(library, exchange, sums, job);
      return { kind: "done" };
    }),
  );
  reply({ kind: "ready", ready: { rank, size, path, family, version } });
} catch (error) {
  said(() => {
    throw error;
  });
}
