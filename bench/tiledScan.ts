import { nodeStore } from "../src/node/store.ts";
import { objectSizeFor, positionsInObject, scanPath } from "../src/optics/scans.ts";
import { Random } from "../src/random.ts";
import { writeArchive } from "../src/runs/store.ts";
import { writeScanFrames } from "../src/scans/writeScanNpz.ts";
import { simulate } from "../src/simulation/simulate.ts";

/** A large scan of cheap patterns: every position has one of 256 that were simulated. */
export async function writeTiledScan(file: string, side: number, count: number): Promise<void> {
  const small = simulate({ n: side, patterns: 256, seed: 3, photons: 1e5 });
  const tile = new Float32Array(256 * side * side);
  small.patterns.read([...Array(256).keys()], tile);
  const steps = scanPath({ kind: "raster", count, step: 4, jitter: 0 }, new Random(1));
  const size = objectSizeFor(steps, side);
  const { object: _, patterns: __, ...rest } = small;
  await writeArchive(
    file,
    (writer) =>
      writeScanFrames(writer, {
        ...rest,
        positions: positionsInObject(steps, size, side),
        shape: [count, side, side],
        *frames() {
          for (let first = 0; first < count; first += 256)
            yield tile.slice(0, Math.min(256, count - first) * side * side);
        },
      }),
    nodeStore,
  );
}
