import { nodeStore } from "../src/node/store.ts";
import type { GeometryStatement } from "../src/optics/geometry.ts";
import { objectSizeFor, positionsInObject, scanPath } from "../src/optics/scans.ts";
import { Random } from "../src/random.ts";
import { writeArchive } from "../src/runs/store.ts";
import type { FramesToWrite } from "../src/scans/writers/framesToWrite.ts";
import { writeScanFrames } from "../src/scans/writeScanNpz.ts";
import { simulate } from "../src/simulation/simulate.ts";
import { writeBitshuffledScan } from "./bitshuffledScan.ts";

/** A large scan of cheap patterns: every position has one of 256 that were simulated. */
export function tiledScan(side: number, count: number, geometry?: GeometryStatement): FramesToWrite {
  const small = simulate({ n: side, patterns: 256, seed: 3, photons: 1e5, ...(geometry && { geometry }) });
  const tile = new Float32Array(256 * side * side);
  small.patterns.read([...Array(256).keys()], tile);
  const steps = scanPath({ kind: "raster", count, step: 4, jitter: 0 }, new Random(1));
  const size = objectSizeFor(steps, side);
  const { object: _, patterns: __, ...rest } = small;
  return {
    ...rest,
    positions: positionsInObject(steps, size, side),
    shape: [count, side, side],
    *frames() {
      for (let first = 0; first < count; first += 256) yield tile.slice(0, Math.min(256, count - first) * side * side);
    },
  };
}

/** The same as an NPZ file. */
export async function writeTiledScan(file: string, side: number, count: number): Promise<void> {
  await writeArchive(file, (writer) => writeScanFrames(writer, tiledScan(side, count)), nodeStore);
}

/** The same in HDF5, bitshuffled, with so many counts that their lowest bits are noise. */
export async function writeTiledHdf5(file: string, side: number, count: number): Promise<void> {
  const small = simulate({ n: side, patterns: 256, seed: 3, photons: 1e7, measurement: "counts" });
  const tile = new Float32Array(256 * side * side);
  small.patterns.read([...Array(256).keys()], tile);
  const random = new Random(5);
  const counts = Uint16Array.from(tile, (value) => Math.min(65535, value + random.integer(512)));
  const steps = scanPath({ kind: "raster", count, step: 4, jitter: 0 }, new Random(1));
  const positions = positionsInObject(steps, objectSizeFor(steps, side), side);
  function* blocks(): Generator<Uint16Array> {
    for (let first = 0; first < count; first += 256)
      yield counts.subarray(0, Math.min(256, count - first) * side * side);
  }
  await nodeStore.writeAnywhere(file, (to) =>
    writeBitshuffledScan(to, { ...small, positions }, [count, side, side], blocks()),
  );
}
