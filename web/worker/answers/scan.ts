import type { Dataset } from "../../../src/data/dataset.ts";
import { PtychonautError } from "../../../src/errors.ts";
import { planCanvas } from "../../../src/inference/canvas.ts";
import { pauses } from "../../../src/pause.ts";
import { openScan as open } from "../../../src/runs/inputs/scans.ts";
import type { ScanFacts, Statistics } from "../protocol.ts";
import type { Answers, Asked } from "./answer.ts";

/** Bytes of patterns that are looked at between two looks at the user's wishes. */
const PIECE = 2 ** 24;

/** The number of the reading that was asked for last. */
let newest = 0;

export const openScan: Answers<"openScan"> = async ({ path, stated, serial }, desk, { tell }) => {
  if (serial < newest) throw overtaken();
  newest = serial;
  desk.setScan(undefined);
  const log = (line: string): void => tell({ kind: "log", line });
  const { dataset, close } = await open(path, stated, { inMemory: "auto", folder: "/", log }, desk.home);
  if (serial !== newest) {
    close();
    throw overtaken();
  }
  desk.setScan({ path, dataset, close });
  return factsOf(path, dataset);
};

const overtaken = (): PtychonautError => new PtychonautError("usage", "another scan was opened meanwhile");

function factsOf(path: string, dataset: Dataset): ScanFacts {
  const { name, patterns, measurement, probe, mask, object, photonsPerPattern, geometry, provenance } = dataset;
  return {
    ...{ path, name, measurement, provenance },
    ...{ frames: patterns.count, height: patterns.height, width: patterns.width },
    ...{ probeModes: probe.shape[0], hasMask: mask !== undefined, hasObject: object !== undefined },
    ...(photonsPerPattern === undefined ? {} : { photonsPerPattern }),
    ...(geometry === undefined ? {} : { geometry }),
  };
}

export const frame: Answers<"frame"> = async ({ index }, desk) => {
  const { patterns } = desk.scan().dataset;
  const data = new Float32Array(patterns.height * patterns.width);
  patterns.read([index], data);
  return { shape: [patterns.height, patterns.width], data };
};

export const statistics: Answers<"statistics"> = async (_, desk, asked) => {
  const scan = desk.scan();
  scan.statistics ??= await statisticsOf(scan.dataset, asked);
  return structuredClone(scan.statistics);
};

async function statisticsOf({ patterns }: Dataset, { tell, signal }: Asked): Promise<Statistics> {
  const { count, height, width } = patterns;
  const size = height * width;
  const [sums, maximum, totals] = [new Float64Array(size), new Float32Array(size), new Float64Array(count)];
  const each = Math.max(1, Math.floor(PIECE / (4 * size)));
  const room = new Float32Array(each * size);
  const pause = pauses();
  for (let from = 0; from < count; from += each) {
    if (signal.aborted) throw new PtychonautError("usage", "looking at all patterns was stopped");
    const frames = Math.min(each, count - from);
    const piece = room.subarray(0, frames * size);
    patterns.read(
      Array.from({ length: frames }, (_, k) => from + k),
      piece,
    );
    for (let k = 0; k < frames; k++) {
      let total = 0;
      for (let i = 0, at = k * size; i < size; i++, at++) {
        const value = piece[at];
        total += value;
        sums[i] += value;
        if (value > maximum[i]) maximum[i] = value;
      }
      totals[from + k] = total;
    }
    tell({ kind: "progress", label: "patterns", done: from + frames, total: count, note: "" });
    await pause();
  }
  const shape = [height, width];
  return { sum: { shape, data: Float32Array.from(sums) }, maximum: { shape, data: maximum }, totals };
}

export const mask: Answers<"mask"> = async (_, desk) => structuredClone(desk.scan().dataset.mask);

export const positions: Answers<"positions"> = async (_, desk) => {
  const { positions, patterns } = desk.scan().dataset;
  const { height, width, origin } = planCanvas(positions, patterns.height);
  return { positions: positions.slice(), canvas: { height, width, ...origin } };
};

export const probe: Answers<"probe"> = async (_, desk) => structuredClone(desk.scan().dataset.probe);

export const object: Answers<"object"> = async (_, desk) => structuredClone(desk.scan().dataset.object);
