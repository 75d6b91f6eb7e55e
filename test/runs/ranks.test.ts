import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unzipSync, zipSync } from "fflate";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Settings } from "../../src/config/group.ts";
import { nodeHome } from "../../src/node/home.ts";
import { nodeMachine } from "../../src/node/machine.ts";
import { homeOfRank } from "../../src/node/mpi/rankHome.ts";
import { readReconstructionFile } from "../../src/node/runs.ts";
import { nodeStore } from "../../src/node/store.ts";
import type { RunOutcome } from "../../src/runs/hooks.ts";
import { runInference } from "../../src/runs/infer/inferAndRefine.ts";
import type { Home } from "../../src/runs/machine.ts";
import { idleProcesses } from "../../src/runs/overRanks.ts";
import { createInferencePayload, createReconstructionPayload, createTrainingPayload } from "../../src/runs/payloads.ts";
import { runReconstruction } from "../../src/runs/reconstruct/reconstruct.ts";
import { runTraining } from "../../src/runs/train/train.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { inOneProcess } from "../communicators.ts";
import { maxDeviation } from "../evaluate.ts";
import { tolerances } from "../tolerances.ts";
import { quietHooks } from "./inferRun.ts";

/** Two ranks in one process, which need no MPI: what each of them reads and holds, and who writes. */

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-two-ranks-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (...names: string[]): string => join(folder, ...names);
const scan = at("scan.npz");
const compressed = at("compressed.npz");
const frames = 64;
/** Bytes of the patterns, float32. */
const whole = 4 * frames * 32 * 32;

beforeAll(() => {
  const bytes = writeScanNpz(simulate({ n: 32, patterns: frames, seed: 3, photons: 1e5 }));
  writeFileSync(compressed, bytes);
  // Uncompressed, so that patterns are read where they are.
  writeFileSync(scan, zipSync(unzipSync(bytes), { level: 0 }));
});

/** They come first in the file, whole frames at a time; their header is at byte 40. */
const ofPatterns = (offset: number, length: number): boolean =>
  offset > 40 && offset < whole && length % (4 * 32 * 32) === 0;

interface Rank {
  readonly home: Home;
  /** Bytes read of the patterns so far, and files written. */
  readonly traffic: { read: number; written: string[]; scratch: string[] };
}

function twoRanks(): Promise<Rank[]> {
  return Promise.all(
    inOneProcess(2).map(async (ranks) => {
      const traffic: Rank["traffic"] = { read: 0, written: [], scratch: [] };
      const store = {
        ...nodeStore,
        async open(path: string) {
          const file = await nodeStore.open(path);
          if (path !== scan) return file;
          return {
            ...file,
            read(offset: number, length: number) {
              if (ofPatterns(offset, length)) traffic.read += length;
              return file.read(offset, length);
            },
            readInto(offset: number, into: Uint8Array) {
              if (ofPatterns(offset, into.length)) traffic.read += into.length;
              into.set(file.read(offset, into.length));
            },
          };
        },
        scratch(...room: Parameters<typeof nodeStore.scratch>) {
          const folder = nodeStore.scratch(...room);
          const make: typeof folder.make = (bytes, why) => {
            traffic.scratch.push(why);
            return folder.make(bytes, why);
          };
          return { ...folder, make };
        },
        async write(path: string, ...content: [Uint8Array | string]) {
          traffic.written.push(path);
          await nodeStore.write(path, ...content);
        },
      };
      return { home: await homeOfRank({ machine: nodeMachine, store }, ranks, "none"), traffic };
    }),
  );
}

const settings: Settings = { accelerator: "cpu" };

const train = (trainDataFile: string, outputDir: string) =>
  onBoth(
    (home) =>
      createTrainingPayload(
        {
          ...{ trainDataFile, outputDir },
          overrides: { ...settings, gridsize: 1, nFiltersScale: 1, batchSize: 8, maxEpochs: 1, validationFraction: 0 },
        },
        home,
      ),
    (payload, home) => runTraining(payload, quietHooks(), home),
  );

/** Prepares a payload on both, and runs it; what reading the settings took is not counted. */
async function onBoth<T>(
  prepare: (home: Home) => Promise<T>,
  run: (payload: T, home: Home) => Promise<RunOutcome>,
): Promise<{ readonly ranks: readonly Rank[]; readonly outcomes: readonly RunOutcome[] }> {
  const ranks = await twoRanks();
  const payloads = await Promise.all(ranks.map(({ home }) => prepare(home)));
  for (const { traffic } of ranks) traffic.read = 0;
  const outcomes = await Promise.all(ranks.map(({ home }, i) => run(payloads[i], home)));
  return { ranks, outcomes };
}

it("each looks at its share of the patterns and reads its share of each batch; one writes", async () => {
  const trained = await train(scan, at("model"));
  expect(trained.outcomes.map(({ status }) => status)).toEqual(["finished", "finished"]);
  expect(trained.outcomes[1].files).toEqual([]);
  const [first, second] = trained.ranks.map(({ traffic }) => traffic);
  // One also verifies the file, takes its fingerprint, and looks at how its patterns differ.
  expect(first.read).toBe(4 * whole);
  expect(second.read).toBe(whole);
  expect(first.written.length).toBeGreaterThan(3);
  expect(second.written).toEqual([]);

  const inferred = await onBoth(
    (home) =>
      createInferencePayload(
        {
          ...{ modelPath: at("model"), testDataFile: scan, outputDir: at("object") },
          overrides: { ...settings, inferenceBatchSize: 8 },
        },
        home,
      ),
    (payload, home) => runInference(payload, quietHooks(), home),
  );
  expect(inferred.outcomes.map(({ status }) => status)).toEqual(["finished", "finished"]);
  const other = inferred.ranks[1].traffic;
  // Its share to check, and the patterns of its patches, once to predict and once to judge the patches by themselves.
  expect(other.read).toBe(1.5 * whole);
  expect(other.written).toEqual([]);
  expect(JSON.parse(readFileSync(at("object", "run.json"), "utf8")).outcome.predictions).toBe(frames);
});

it("what must be laid out on the disk is laid out once on a computer", async () => {
  const { ranks } = await train(compressed, at("unpacked"));
  expect(ranks.map(({ traffic }) => traffic.scratch.length)).toEqual([1, 0]);
  expect(ranks[0].traffic.scratch[0]).toMatch(/decompressed$/);
  expect(readdirSync(at("unpacked")).filter((name) => name.includes("patterns"))).toEqual([]);
  const [unpacked, inPlace] = ["unpacked", "model"].map((folder) => lossOf(at(folder)));
  expect(unpacked).toBeGreaterThan(0);
  expect(unpacked).toBe(inPlace);
});

it("two try together and choose what they can share, which is what one comes to that is told so", async () => {
  const asked = (outputDir: string, how: Settings) => ({
    ...{ scan, outputDir },
    overrides: { ...settings, ...how, epochs: 3, threads: 1, loggerBackend: "none", reconLogEveryNEpochs: 0 },
  });
  const { ranks, outcomes } = await onBoth(
    (home) => createReconstructionPayload(asked(at("two"), { engine: "auto" }), home),
    (payload, home) => runReconstruction(payload, quietHooks(), home),
  );
  expect(outcomes.map(({ status }) => status)).toEqual(["finished", "finished"]);
  const { engine, batchSize, patience, stopAtNoise } = JSON.parse(readFileSync(at("two", "run.json"), "utf8")).settings
    .reconstruction;
  // One process would take it frame by frame.
  expect([engine, batchSize]).toEqual(["rpie", 16]);
  const told = asked(at("one"), { engine, batchSize, patience, stopAtNoise });
  await runReconstruction(await createReconstructionPayload(told, nodeHome), quietHooks(), nodeHome);
  const [two, one] = await Promise.all(
    ["two", "one"].map((name) => readReconstructionFile(at(name, "reconstruction.npz"))),
  );
  expect(maxDeviation(two.object.data, one.object.data)).toBeLessThan(tolerances.ranksReconstruction);
  const [first, second] = ranks.map(({ traffic }) => traffic);
  expect(second.written).toEqual([]);
  expect(second.read).toBeGreaterThan(whole / 2);
  expect(second.read).toBeLessThan(first.read);
});

it("batches that have less patterns than there are processes are said to leave some idle", async () => {
  const payload = await createReconstructionPayload(
    { scan, outputDir: at("idle"), overrides: { engine: "rpie", batchSize: 2 } },
    nodeHome,
  );
  expect(idleProcesses(payload, 2)).toEqual([]);
  expect(idleProcesses(payload, 3)).toEqual([
    expect.stringMatching(/^batches of 2 patterns leave 1 of 3 processes idle \(rpie\): say .*3/),
  ]);
});

const lossOf = (folder: string): number =>
  JSON.parse(readFileSync(join(folder, "training.json"), "utf8")).history[0].trainLoss;
