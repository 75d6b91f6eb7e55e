import { nodeStore } from "../../src/node/store.ts";
import { openCheckpoints } from "../../src/runs/train/checkpointFiles.ts";
import { freshState } from "../../src/training/trainingState.ts";

/** Writes one checkpoint after the other until it is killed; all weights of the n-th are n. */
const outputDir = process.argv[2];
const { files } = await openCheckpoints({
  store: nodeStore,
  outputDir,
  identity: { seed: 1 },
  monitor: "val_loss",
  fresh: true,
});
for (let epoch = 1; ; epoch++) {
  const weights = { parameters: new Float32Array(200_000).fill(epoch), moments: [], state: new Float32Array(0) };
  const state = freshState(weights, [1, 2, 3, 4], { epoch: 0, rate: 1, best: null, stale: 0 });
  await files.save({ ...state, epoch });
  process.stdout.write(`${epoch}\n`);
}
