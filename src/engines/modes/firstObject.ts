import { Random } from "../../random.ts";
import type { Canvas } from "../canvas.ts";
import type { EngineScan, ObjectModes } from "../scan.ts";
import { smoothNoise } from "./startModes.ts";

/** Standard deviation of what smoothes the noise of states, over the window's side. */
const NOISE_WIDTH = 1 / 16;

/**
 * `[slice or state, H, W]` on the canvas: the first guess where it lies, 1 elsewhere. Of slices that have no guess each is 1.
 *
 * States that have none are the first one times complex Gaussian noise, smooth over a few pixels, of mean power 1: equal
 * states would be asked for equal changes and stay equal for ever, and weak noise is enough to tell them apart. Each has the
 * part `power` of the object's power, and those that have a guess the rest.
 */
export function firstObject(
  { object, slices, objectModes, probe }: Pick<EngineScan, "object" | "slices" | "objectModes" | "probe">,
  { height, width, origin }: Canvas,
): Float32Array {
  const given = object?.values.shape[0] ?? 1;
  const planes = slices?.count ?? objectModes?.count ?? 1;
  const out = new Float32Array(2 * planes * height * width);
  for (let i = 0; i < out.length; i += 2) out[i] = 1;
  if (object !== undefined) place(out, object, { height, width, origin });
  if (objectModes !== undefined && given < planes)
    addStates(out, given, objectModes, [height, width], NOISE_WIDTH * Math.min(probe.shape[1], probe.shape[2]));
  return out;
}

function place(
  out: Float32Array,
  object: NonNullable<EngineScan["object"]>,
  { height, width, origin }: Pick<Canvas, "height" | "width" | "origin">,
): void {
  const [given, rows, columns] = object.values.shape;
  const [down, right] = [object.origin[0] - origin[0], object.origin[1] - origin[1]];
  for (let plane = 0; plane < given; plane++)
    for (let y = Math.max(0, -down); y < Math.min(rows, height - down); y++)
      for (let x = Math.max(0, -right); x < Math.min(columns, width - right); x++)
        for (let part = 0; part < 2; part++)
          out[2 * ((plane * height + y + down) * width + x + right) + part] =
            object.values.data[2 * ((plane * rows + y) * columns + x) + part];
}

/** Behind those that are given, in place. */
function addStates(
  out: Float32Array,
  given: number,
  { count, power, seed }: ObjectModes,
  sides: readonly [height: number, width: number],
  sigma: number,
): void {
  const random = new Random(seed);
  const size = 2 * sides[0] * sides[1];
  const first = out.slice(0, size);
  const kept = Math.sqrt(1 - (count - given) * power);
  for (let i = 0; i < given * size; i++) out[i] *= kept;
  for (let k = given; k < count; k++) {
    const [re, im] = smoothNoise(sides, sigma, random);
    let all = 0;
    for (let i = 0; i < re.length; i++) all += re[i] ** 2 + im[i] ** 2;
    const scale = Math.sqrt((power * re.length) / all);
    for (let i = 0; i < size; i += 2) {
      const [a, b, x, y] = [first[i], first[i + 1], scale * re[i / 2], scale * im[i / 2]];
      out[k * size + i] = a * x - b * y;
      out[k * size + i + 1] = a * y + b * x;
    }
  }
}
