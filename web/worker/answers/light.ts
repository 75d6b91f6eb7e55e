import type { Dataset } from "../../../src/data/dataset.ts";
import { PtychonautError } from "../../../src/errors.ts";
import { planCanvas } from "../../../src/inference/canvas.ts";
import { pauses } from "../../../src/pause.ts";
import type { Answers } from "./answer.ts";

/** Positions to whole pixels are close enough for the eye. */
export const light: Answers<"light"> = async (_, desk, { tell, signal }) => {
  const { positions, probe, patterns } = desk.scan().dataset;
  const { height, width, origin } = planCanvas(positions, patterns.height);
  const [spot, n, m] = [intensityOf(probe), probe.shape[1], probe.shape[2]];
  const sum = new Float64Array(height * width);
  const pause = pauses();
  const frames = positions.length / 2;
  for (let frame = 0; frame < frames; frame++) {
    const top = Math.round(positions[2 * frame] - origin.y) - Math.floor(n / 2);
    const left = Math.round(positions[2 * frame + 1] - origin.x) - Math.floor(m / 2);
    const [from, to] = [Math.max(0, -left), Math.min(m, width - left)];
    for (let y = Math.max(0, -top); y < Math.min(n, height - top); y++)
      for (let x = from; x < to; x++) sum[(top + y) * width + left + x] += spot[y * m + x];
    if (frame % FRAMES === FRAMES - 1) {
      if (signal.aborted) throw new PtychonautError("usage", "summing the light was stopped");
      tell({ kind: "progress", label: "light", done: frame + 1, total: frames, note: "" });
      await pause();
    }
  }
  return { shape: [height, width], data: Float32Array.from(sum) };
};

/** Between two looks at the user's wishes. */
const FRAMES = 64;

/** `[y, x]`, over all modes, of a sum of one. */
function intensityOf({ shape: [modes, height, width], data }: Dataset["probe"]): Float64Array {
  const [pixels, power] = [height * width, new Float64Array(height * width)];
  for (let i = 0; i < modes * pixels; i++) power[i % pixels] += data[2 * i] ** 2 + data[2 * i + 1] ** 2;
  const total = power.reduce((sum, value) => sum + value, 0);
  return total > 0 ? power.map((value) => value / total) : power;
}
