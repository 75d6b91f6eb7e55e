import type { NpyArray } from "../../src/formats/npy.ts";
import { openNpz, writeNpz } from "../../src/formats/npz.ts";
import { Random } from "../../src/random.ts";
import { examineScan } from "../../src/scans/doctor/examine.ts";
import type { DoctorRow } from "../../src/scans/doctor/row.ts";
import type { ScanOptions } from "../../src/scans/scanOptions.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import type { SimulationOptions } from "../../src/simulation/options.ts";
import { simulate } from "../../src/simulation/simulate.ts";

/** Scans from code with a defect of a known strength in each, for the table of what the doctor sees. */

export type Arrays = Record<string, NpyArray>;

export const N = 32;
export const COUNT = 100;
const SIZE = N * N;

/** A sound scan as arrays by PtychoPINN's names, the patterns as counts in float32 (amplitudes where that is said). */
export function simulated(options: Partial<SimulationOptions> = {}): Arrays {
  const npz = openNpz(writeScanNpz(simulate({ n: N, patterns: COUNT, step: 3, ...options })), "scan");
  return Object.fromEntries(npz.keys.map((key) => [key, npz.read(key)]));
}

export async function rowsOf(arrays: Arrays, stated: ScanOptions = {}): Promise<readonly DoctorRow[]> {
  return (await examineScan(openNpz(writeNpz(arrays), "scan"), stated)).examination.rows;
}

/** What the doctor complains of. */
export const complaints = (rows: readonly DoctorRow[]): readonly DoctorRow[] =>
  rows.filter(({ state }) => state === "say" || state === "trouble");

const numbers = (array: NpyArray): Float64Array => Float64Array.from(array.data as ArrayLike<number>);

/** Counts of the scan's amplitudes, changed, and stored as they are. */
function withCounts(
  arrays: Arrays,
  change: (counts: Float64Array) => Float64Array | undefined,
  dtype: "uint16" | "float32" = "uint16",
): Arrays {
  const counts = numbers(arrays["diff3d"]).map((value) => Math.round(value * value));
  const changed = change(counts) ?? counts;
  const data = dtype === "uint16" ? Uint16Array.from(changed) : Float32Array.from(changed);
  return { ...arrays, diff3d: { ...arrays["diff3d"], dtype, data } as NpyArray };
}

function withPositions(arrays: Arrays, change: (y: Float64Array, x: Float64Array) => void): Arrays {
  const [y, x] = ["ycoords", "xcoords"].map((key) => numbers(arrays[key]));
  change(y, x);
  const column = (data: Float64Array): NpyArray => ({ shape: [data.length], dtype: "float64", data });
  const { xcoords_start: _, ycoords_start: __, ...others } = arrays;
  return { ...others, ycoords: column(y), xcoords: column(x) };
}

/** Frames in another order: frame k is the one that was measured at position order(k). */
function withFrames(arrays: Arrays, order: (k: number) => number): Arrays {
  const data = numbers(arrays["diff3d"]);
  const out = Float32Array.from(data);
  for (let k = 0; k < data.length / SIZE; k++) out.set(data.subarray(order(k) * SIZE, (order(k) + 1) * SIZE), k * SIZE);
  return { ...arrays, diff3d: { ...arrays["diff3d"], data: out } as NpyArray };
}

/** Everything in another order: a scan whose time is not its place. */
function reordered(arrays: Arrays, order: readonly number[]): Arrays {
  const moved = withFrames(arrays, (k) => order[k]);
  return withPositions(moved, (y, x) => {
    for (const values of [y, x]) values.set(Float64Array.from(order, (k) => values[k]));
  });
}

function withProbe(arrays: Arrays, change: (data: Float32Array) => void): Arrays {
  const data = Float32Array.from(numbers(arrays["probeGuess"]));
  change(data);
  return { ...arrays, probeGuess: { ...arrays["probeGuess"], data } as NpyArray };
}

/** Every image moved by whole pixels, cyclic. */
function rolled(data: ArrayLike<number>, [dy, dx]: readonly [number, number], parts = 1): Float32Array {
  const out = new Float32Array(data.length);
  for (let i = 0; i < data.length / parts; i++) {
    const at = i % SIZE;
    const y = (Math.floor(at / N) + dy + N) % N;
    const x = ((at % N) + dx + N) % N;
    for (let part = 0; part < parts; part++) out[parts * (i - at + y * N + x) + part] = data[parts * i + part];
  }
  return out;
}

const without = (arrays: Arrays, ...keys: string[]): Arrays =>
  Object.fromEntries(Object.entries(arrays).filter(([key]) => !keys.includes(key)));

const near = (value: unknown, truth: number, relative: number): boolean =>
  typeof value === "number" && Math.abs(value - truth) <= relative * Math.abs(truth);
const list = (value: unknown): readonly number[] => (Array.isArray(value) ? (value as number[]) : []);
const same = (value: unknown, truth: readonly number[]): boolean => list(value).join() === truth.join();

/** What a row may be right about: the value that was planted, by its own measure. */
export interface Planted {
  readonly defect: string;
  /** The row that has to say it. */
  readonly quantity: string;
  /** Other rows that the same defect rightly moves. */
  readonly also?: readonly string[];
  /** Weakest first. */
  readonly strengths: readonly {
    readonly label: string;
    readonly make: () => Arrays;
    readonly right: (row: DoctorRow) => boolean;
    /** In the unit of the row's limit. */
    readonly size?: number;
  }[];
}

export type Outcome = "found" | "unsure" | "below its limit" | "wrong";

/** What the doctor made of a planted defect. */
export function judge(
  { quantity, also = [] }: Planted,
  strength: Planted["strengths"][number],
  rows: readonly DoctorRow[],
): Outcome {
  const others = complaints(rows).filter((row) => row.quantity !== quantity && !also.includes(row.quantity));
  const row = rows.find((each) => each.quantity === quantity);
  if (row === undefined || others.some(({ sure }) => sure !== "unsure")) return "wrong";
  if (row.state === "open" || row.sure === "unsure") return "unsure";
  const claims = row.state === "say" || row.state === "trouble" || quantity === "scale of the probe";
  if (claims) return strength.right(row) ? "found" : "wrong";
  return row.limit !== undefined && strength.size !== undefined && strength.size <= row.limit
    ? "below its limit"
    : "wrong";
}

const several = <T>(values: readonly T[], strength: (value: T) => Planted["strengths"][number]): Planted["strengths"] =>
  values.map(strength);

const frames = (count: number): number[] => Array.from({ length: count }, (_, k) => 7 + 11 * k);

/** An object without detail of single pixels, and steps that neighbours look alike after. */
const smooth: Partial<SimulationOptions> = { smoothing: 1.5, step: 2 };

/** Indices of a shuffled scan, by a fixed seed. */
const shuffle = (): number[] => new Random(9).shuffle(Array.from({ length: COUNT }, (_, k) => k));

export const planted: readonly Planted[] = [
  {
    defect: "counts, not said",
    quantity: "measurement",
    strengths: several([100, 3000, 1e5], (photons) => ({
      label: `${photons} photons`,
      make: () => withCounts(simulated({ photons }), () => {}),
      right: ({ value }) => value === "counts",
    })),
  },
  {
    defect: "gain",
    quantity: "gain",
    also: ["measurement"],
    strengths: several([0.37, 12, 1e-4], (gain) => ({
      label: `${gain} a count`,
      make: () => withCounts(simulated(), (counts) => counts.map((value) => gain * value), "float32"),
      right: ({ value }) => near(value, gain, 1e-3),
    })),
  },
  {
    defect: "pedestal",
    quantity: "pedestal",
    also: ["measurement", "probe against the patterns"],
    strengths: several([1, 10, 100], (pedestal) => ({
      label: `${pedestal} counts`,
      make: () => withCounts(simulated({ photons: 3e4 }), (counts) => counts.map((value) => value + pedestal)),
      right: ({ value }) => near(value, pedestal, 0.25),
      size: pedestal,
    })),
  },
  {
    defect: "saturation",
    quantity: "saturation",
    also: ["measurement"],
    strengths: several([0.9, 0.5, 0.2], (part) => {
      const make = (): { arrays: Arrays; top: number } => {
        let top = 0;
        const arrays = withCounts(simulated({ photons: 3e5 }), (counts) => {
          top = Math.round(part * counts.reduce((a, b) => Math.max(a, b), 0));
          return counts.map((value) => Math.min(value, top));
        });
        return { arrays, top };
      };
      return {
        label: `at ${100 * part} % of the brightest pixel`,
        make: () => make().arrays,
        right: ({ value }) => value === make().top,
      };
    }),
  },
  {
    defect: "zero frequency at the corner",
    quantity: "zero frequency",
    strengths: several([100, 3000, 1e5], (photons) => ({
      label: `${photons} photons`,
      make: () => {
        const arrays = simulated({ photons });
        const data = rolled(numbers(arrays["diff3d"]), [N / 2, N / 2]);
        return { ...arrays, diff3d: { ...arrays["diff3d"], data } as NpyArray };
      },
      right: ({ value, says }) => value === "corner" && says?.dcAt === "corner",
    })),
  },
  {
    defect: "beam off the centre",
    quantity: "beam centre",
    strengths: several([1, 3, 6], (off) => ({
      label: `${off} pixels`,
      make: () => {
        const arrays = simulated();
        const data = rolled(numbers(arrays["diff3d"]), [0, off]);
        return { ...arrays, diff3d: { ...arrays["diff3d"], data } as NpyArray };
      },
      right: ({ value }) => Math.abs(list(value)[1] - N / 2 - off) < 0.7,
      size: off,
    })),
  },
  {
    defect: "dead pixels",
    quantity: "dead pixels",
    also: ["measurement"],
    strengths: several([1, 4, 10], (dead) => ({
      label: `${dead}`,
      make: () =>
        withCounts(simulated(), (counts) => {
          for (let k = 0; k < dead; k++)
            for (let f = 0; f < COUNT; f++) counts[f * SIZE + (11 + 2 * (k % 5)) * N + 14 + 3 * Math.floor(k / 5)] = 0;
        }),
      right: ({ value }) => value === dead,
    })),
  },
  {
    defect: "hot pixels",
    quantity: "hot pixels",
    also: ["measurement", "saturation", "beam centre"],
    strengths: several([1, 3, 6], (hot) => ({
      label: `${hot}`,
      make: () =>
        withCounts(simulated(), (counts) => {
          const random = new Random(4);
          for (let k = 0; k < hot; k++)
            for (let f = 0; f < COUNT; f++) counts[f * SIZE + (3 + 5 * k) * N + 2] = random.poisson(4000);
        }),
      right: ({ value }) => value === hot,
    })),
  },
  {
    defect: "gap between modules",
    quantity: "gaps",
    also: ["measurement", "beam centre"],
    strengths: several([1, 2, 4], (rows) => ({
      label: `${rows} rows`,
      make: () =>
        withCounts(simulated(), (counts) => {
          for (let f = 0; f < COUNT; f++) counts.fill(0, f * SIZE + 20 * N, f * SIZE + (20 + rows) * N);
        }),
      right: ({ value }) => value === 1,
    })),
  },
  {
    defect: "beamstop without a mask",
    quantity: "beamstop",
    also: ["dead pixels", "gaps"],
    strengths: several([6, 8, 12], (beamstop) => ({
      label: `${beamstop} pixels wide`,
      make: () => without(simulated({ beamstop }), "mask"),
      right: ({ value }) => value === 1,
    })),
  },
  {
    defect: "empty frames",
    quantity: "empty frames",
    strengths: several([1, 3, 8], (count) => ({
      label: `${count}`,
      make: () => {
        const arrays = simulated();
        const data = Float32Array.from(numbers(arrays["diff3d"]));
        for (const frame of frames(count)) data.fill(0, frame * SIZE, (frame + 1) * SIZE);
        return { ...arrays, diff3d: { ...arrays["diff3d"], data } as NpyArray };
      },
      right: ({ value }) => same(value, frames(count)),
    })),
  },
  {
    defect: "a bright frame",
    quantity: "outlying frames",
    also: ["measurement", "gain", "flicker"],
    strengths: several([5, 20, 100], (times) => ({
      label: `× ${times}`,
      make: () =>
        withCounts(simulated({ photons: 3e4 }), (counts) =>
          counts.map((v, i) => (Math.floor(i / SIZE) === 42 ? Math.min(65535, v * times) : v)),
        ),
      right: ({ value }) => same(value, [42]),
    })),
  },
  {
    defect: "beam that flickers",
    quantity: "flicker",
    strengths: several([0.02, 0.1, 0.3], (intensityJitter) => ({
      label: `${100 * intensityJitter} %`,
      make: () => without(simulated({ intensityJitter, contrast: { amplitude: [0.8, 1] } }), "frame_intensity"),
      right: ({ value }) => near(value, intensityJitter, 0.35),
      size: intensityJitter,
    })),
  },
  {
    defect: "beam that drifts, frames in the order of a spiral",
    quantity: "drift",
    also: ["measurement"],
    strengths: several([0.1, 0.3, 0.6], (loss) => ({
      label: `− ${100 * loss} %`,
      make: () => drifting(simulated({ noise: false }), loss),
      right: ({ value }) => near(value, -loss, 0.3),
      size: loss,
    })),
  },
  {
    defect: "the same, frames in random order",
    quantity: "drift",
    also: ["measurement", "flicker"],
    strengths: several([0.1, 0.3, 0.6], (loss) => ({
      label: `− ${100 * loss} %`,
      make: () => drifting(reordered(simulated({ noise: false }), shuffle()), loss),
      right: ({ value }) => near(value, -loss, 0.3),
      size: loss,
    })),
  },
  {
    defect: "duplicate positions",
    quantity: "duplicate positions",
    also: ["order of the frames", "flicker"],
    strengths: several([21, 40, 60], (count) => ({
      label: `${count} of ${COUNT}`,
      make: () =>
        withPositions(simulated(), (y, x) => {
          for (let k = 1; k <= count; k++) [y[k], x[k]] = [y[0], x[0]];
        }),
      right: ({ value }) => list(value).length === count,
    })),
  },
  {
    defect: "a lost position",
    quantity: "outlying positions",
    strengths: several([30, 45, 60], (away) => ({
      label: `${away} pixels away`,
      make: () =>
        without(
          withPositions(simulated(), (y) => {
            y[COUNT - 1] = y.reduce((a, b) => Math.max(a, b), 0) + away;
          }),
          "objectGuess",
        ),
      right: ({ value }) => list(value).includes(COUNT - 1),
    })),
  },
  {
    defect: "positions in a unit of length",
    quantity: "unit of the positions",
    strengths: several([1e-6, 1e-3, 1] as const, (unit) => ({
      label: unit === 1 ? "m" : unit === 1e-3 ? "mm" : "µm",
      make: () => ({
        ...withPositions(simulated(), (y, x) => {
          for (const values of [y, x]) for (let k = 0; k < COUNT; k++) values[k] *= 4e-8 / unit;
        }),
        object_pixel_m: { shape: [], dtype: "float64", data: Float64Array.of(4e-8) } as NpyArray,
      }),
      right: ({ value }) => value === (unit === 1 ? "m" : unit === 1e-3 ? "mm" : "um"),
    })),
  },
  {
    defect: "frames shifted against positions, spiral",
    quantity: "order of the frames",
    strengths: several([1, 3, 10], (k) => ({
      label: `${k} frames`,
      make: () => withFrames(simulated(smooth), (frame) => Math.max(0, frame - k)),
      right: ({ value }) => value === k,
    })),
  },
  {
    defect: "frames shifted against positions, raster of 20 × 20",
    quantity: "order of the frames",
    strengths: several([1, 3, 8], (k) => ({
      label: `${k} frames`,
      make: () =>
        withFrames(simulated({ ...smooth, scan: "raster", patterns: 400 }), (frame) => Math.max(0, frame - k)),
      right: ({ value }) => value === k,
    })),
  },
  {
    defect: "frames in another order",
    quantity: "order of the frames",
    strengths: [
      {
        label: "at random",
        make: () => {
          const order = shuffle();
          return withFrames(simulated(), (k) => order[k]);
        },
        right: () => false,
      },
      {
        label: "every second row of a raster reversed",
        make: () =>
          withFrames(simulated({ ...smooth, scan: "raster", patterns: 400 }), (k) =>
            Math.floor(k / 20) % 2 === 0 ? k : 20 * Math.floor(k / 20) + 19 - (k % 20),
          ),
        right: ({ value }) => value === "every second row is reversed",
      },
      {
        label: "a spiral backwards",
        make: () => withFrames(simulated(smooth), (k) => COUNT - 1 - k),
        right: ({ value }) => value === "reversed",
      },
    ],
  },
  {
    defect: "minimum corners in an object",
    quantity: "reference of the positions",
    strengths: several([16, 32, 64], (extent) => ({
      label: `scan of ${extent} pixels`,
      make: () => {
        const arrays = simulated({ step: extent / 10 });
        return withPositions(arrays, (y, x) => {
          for (const values of [y, x]) for (let k = 0; k < COUNT; k++) values[k] -= N / 2;
        });
      },
      right: ({ value }) => value === "corner",
    })),
  },
  {
    defect: "a coarse regular grid",
    quantity: "scan path",
    also: ["overlap"],
    strengths: several([6, 8, 11], (step) => ({
      label: `steps of ${step} pixels`,
      make: () => simulated({ scan: "raster", jitter: 0, step }),
      right: ({ state, value }) => state === "trouble" && value === "raster",
    })),
  },
  {
    defect: "little overlap",
    quantity: "overlap",
    also: ["scan path"],
    strengths: several([9, 11, 14], (step) => ({
      label: `steps of ${step} pixels`,
      make: () => simulated({ step, scan: "raster", jitter: 0.1 }),
      right: ({ state }) => state === "trouble",
      size: step,
    })),
  },
  {
    defect: "probe at the corner",
    quantity: "centre of the probe",
    strengths: several([1, 2, 3], (modes) => ({
      label: `${modes} modes`,
      make: () => {
        const arrays = simulated(modes === 1 ? {} : { modes });
        const data = rolled(numbers(arrays["probeGuess"]), [N / 2, N / 2], 2);
        return { ...arrays, probeGuess: { ...arrays["probeGuess"], data } as NpyArray };
      },
      right: ({ says }) => says?.probeAt === "corner",
    })),
  },
  {
    defect: "probe not scaled",
    quantity: "scale of the probe",
    strengths: several([10, 1000, 1e-6], (energy) => ({
      label: `energy × ${energy}`,
      make: () =>
        withProbe(simulated(), (data) => {
          for (let i = 0; i < data.length; i++) data[i] *= Math.sqrt(energy);
        }),
      right: ({ value }) => typeof value === "number" && Math.abs(Math.log(value / energy)) < 0.7,
    })),
  },
  {
    defect: "probe without phase",
    quantity: "phase of the probe",
    also: ["probe against the patterns"],
    strengths: several([1, 2, 3], (modes) => ({
      label: `${modes} modes`,
      make: () =>
        withProbe(simulated(modes === 1 ? {} : { modes }), (data) => {
          for (let i = 0; i < data.length; i += 2) [data[i], data[i + 1]] = [Math.hypot(data[i], data[i + 1]), 0];
        }),
      right: ({ value }) => value === false,
    })),
  },
  {
    defect: "probe of another camera length",
    quantity: "probe against the patterns",
    also: ["overlap"],
    strengths: several([0.9, 0.6, 0.4], (scale) => ({
      label: `${scale} times as wide`,
      make: () =>
        withProbe(simulated(), (data) => {
          const own = data.slice();
          for (let i = 0; i < SIZE; i++) {
            const y = Math.round(N / 2 + (Math.floor(i / N) - N / 2) / scale);
            const x = Math.round(N / 2 + ((i % N) - N / 2) / scale);
            const inside = y >= 0 && x >= 0 && y < N && x < N;
            for (const part of [0, 1]) data[2 * i + part] = inside ? own[2 * (y * N + x) + part] : 0;
          }
        }),
      right: ({ state }) => state === "trouble",
    })),
  },
];

/** Noise comes after the beam's drift, as in a measurement. */
function drifting(arrays: Arrays, loss: number): Arrays {
  const random = new Random(5);
  return withCounts(arrays, (counts) =>
    counts.map((value, i) => {
      const time = Math.floor(i / SIZE) / (COUNT - 1);
      return random.poisson(value * (1 - loss * time));
    }),
  );
}
