import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createReconstructionPayload } from "../../src/node/runs.ts";
import { runReconstruction } from "../../src/runs/reconstruct/reconstruct.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { quietHooks } from "./inferRun.ts";
import { plainHome } from "./plainHome.ts";

it("what a reconstruction says of a rotation is the one to say, and brings the next near the truth", async () => {
  const folder = mkdtempSync(join(tmpdir(), "position-advice-"));
  const scan = join(folder, "scan.npz");
  const object = { object: "deadLeaves", smoothing: 1, photons: 1e5, seed: 4 } as const;
  writeFileSync(
    scan,
    writeScanNpz(simulate({ n: 32, patterns: 144, step: 4, scan: "raster", jitter: 0.3, ...object })),
  );
  const run = async (positionRotation: number) => {
    const overrides = {
      ...{ engine: "lsqml", epochs: 60, wrappers: ["positions"], positionModel: "affine", positionRotation },
      ...{ threads: 1, reconLogEveryNEpochs: 0, loggerBackend: "none", enableCheckpointing: false },
    };
    const outputDir = join(folder, `${positionRotation}`);
    await runReconstruction(await createReconstructionPayload({ scan, outputDir, overrides }), quietHooks(), plainHome);
    const read = (file: string) => JSON.parse(readFileSync(join(outputDir, file), "utf8"));
    const { affine, say } = read("metrics.json").positions;
    return { turned: affine.rotationDegrees.value as number, say, outcome: read("run.json").outcome };
  };
  // The file is right: every rotation is wrong by itself.
  const said = 2;
  const first = await run(said);
  const answer: number = first.say.position_rotation;
  expect(answer).toBeCloseTo(said + first.turned, 2);
  expect(first.outcome.sayOfPositions).toEqual(first.say);
  expect(first.outcome.positions.join()).toContain(`position_rotation=${answer.toFixed(2)}`);
  expect(Math.abs(answer)).toBeLessThan(said / 3);
  const next = await run(answer);
  expect(Math.abs(next.turned)).toBeLessThan(Math.abs(answer) + 0.1);
  expect(Math.abs(answer + next.turned)).toBeLessThan(Math.abs(answer) / 2 + 0.1);
  rmSync(folder, { recursive: true });
}, 60_000);
