import type { ComplexArray } from "../../../src/arrays.ts";
import { withoutPart } from "../../../src/engines/opr/subspace.ts";
import { planFft2 } from "../../../src/numerics/fft.ts";
import { Random } from "../../../src/random.ts";
import type { Problem } from "../problem.ts";

/** How the beam of a frame is off: its shift in pixels and its tilt in detector pixels, (y, x). */
export interface Beam {
  readonly shift: readonly [number, number];
  readonly tilt: readonly [number, number];
}

/**
 * A beam whose tilt swings along y, five times in the scan, and trembles along x: two ways, which each frame has more or less
 * of.
 *
 * @param swing standard deviation of the tilt along y, detector pixels
 * @param tremble of that along x
 */
export function varyingBeams(frames: number, swing: number, tremble: number): readonly Beam[] {
  const random = new Random(21);
  return Array.from({ length: frames }, (_, j) => ({
    shift: [0, 0],
    tilt: [swing * Math.SQRT2 * Math.sin((2 * Math.PI * 5 * j) / frames), tremble * random.normal()],
  }));
}

/** The probe of a frame. */
export function steered({ shape, data }: ComplexArray, { shift, tilt }: Beam): Float64Array {
  const [modes, height, width] = shape;
  const fft = planFft2([height, width]);
  const size = 2 * height * width;
  const out = new Float64Array(data.length);
  for (let m = 0; m < modes; m++) {
    const wave = fft.forward(Float64Array.from(data.subarray(m * size, (m + 1) * size)));
    turn(wave, [-shift[0] / height, -shift[1] / width], [height, width]);
    const moved = fft.inverse(wave);
    turn(moved, [tilt[0] / height, tilt[1] / width], [height, width]);
    out.set(moved, m * size);
  }
  return out;
}

/** × exp(2πi (a y + b x)), y and x from the middle. */
function turn(wave: Float64Array, [a, b]: readonly [number, number], [height, width]: readonly [number, number]): void {
  for (let i = 0; i < wave.length; i += 2) {
    const [y, x] = [Math.floor(i / 2 / width) - Math.floor(height / 2), ((i / 2) % width) - Math.floor(width / 2)];
    const angle = 2 * Math.PI * (a * y + b * x);
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    const [re, im] = [wave[i], wave[i + 1]];
    wave[i] = re * c - im * s;
    wave[i + 1] = re * s + im * c;
  }
}

/** The probe of every frame, varying by the first order of the beams alone: in two ways exactly, orthogonal to the probe. */
export function twoWays({ shape, data }: ComplexArray, beams: readonly Beam[]): readonly Float64Array[] {
  const step = 1e-3;
  const ways = [
    steered({ shape, data }, { shift: [0, 0], tilt: [step, 0] }),
    steered({ shape, data }, { shift: [0, 0], tilt: [0, step] }),
  ].map((moved) => {
    const way = moved.map((value, i) => (value - data[i]) / step);
    withoutPart(way, Float64Array.from(data));
    return way;
  });
  return beams.map(({ tilt: [down, right] }) =>
    Float64Array.from(data, (value, i) => value + down * ways[0][i] + right * ways[1][i]),
  );
}

/** The same object under other probes, one a frame, `[mode, h, w]`. */
export function withLights(problem: Problem, lights: readonly Float64Array[]): Problem {
  const { scan, object, probe } = problem;
  const [modes, height, width] = probe.shape;
  const size = height * width;
  const fft = planFft2([height, width]);
  const amplitudes = lights.map((light, j) => {
    const intensity = new Float64Array(size);
    const [top, left] = [0, 1].map((axis) => scan.positions[2 * j + axis] - Math.floor([height, width][axis] / 2));
    for (let m = 0; m < modes; m++) {
      const wave = new Float64Array(2 * size);
      for (let i = 0; i < size; i++) {
        const from = 2 * ((top + Math.floor(i / width)) * object.shape[1] + left + (i % width));
        const [a, b] = [object.data[from], object.data[from + 1]];
        const [c, d] = [light[2 * (m * size + i)], light[2 * (m * size + i) + 1]];
        wave[2 * i] = a * c - b * d;
        wave[2 * i + 1] = a * d + b * c;
      }
      fft.forward(wave, wave);
      for (let i = 0; i < size; i++) intensity[i] += wave[2 * i] ** 2 + wave[2 * i + 1] ** 2;
    }
    return Float32Array.from(intensity, Math.sqrt);
  });
  return {
    ...problem,
    scan: {
      ...scan,
      amplitudes: {
        ...scan.amplitudes,
        read(frames, out) {
          Array.from(frames).forEach((frame, k) => {
            out.set(amplitudes[frame], k * size);
          });
        },
      },
    },
  };
}
