import { folderOf } from "../../../src/runs/paths.ts";
import { runSimulation } from "../../../src/runs/simulate.ts";
import { isThere } from "../../../src/runs/store.ts";
import { simulatePiecewise } from "../../../src/simulation/simulate.ts";
import { samplePath } from "../scanPlaces.ts";
import type { Answers } from "./answer.ts";
import { hooksTold } from "./hooks.ts";

export const preview: Answers<"preview"> = async (options) => {
  const { object, probe, positions, geometry, shape, frames } = simulatePiecewise(options);
  const [, height, width] = shape;
  const [first = new Float32Array(height * width)] = frames();
  return {
    ...{ object: object ?? { shape: [0, 0], data: new Float32Array() }, positions },
    probe: { shape: [height, width], data: probe.data.slice(0, 2 * height * width) },
    pattern: { shape: [height, width], data: first.slice(0, height * width) },
    ...(geometry?.objectPixelM === undefined ? {} : { objectPixelM: geometry.objectPixelM }),
  };
};

export const simulate: Answers<"simulate"> = async ({ name, options }, { home }, asked) => {
  const path = samplePath(name);
  // The same name is the same scan, which a run may be reading.
  if (await isThere(path, home.store)) return { path };
  await home.store.claim(folderOf(path));
  await runSimulation({ output: path, options, labels: false }, hooksTold(asked), home);
  return { path };
};
