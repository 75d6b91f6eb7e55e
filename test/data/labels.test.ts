import { describe, expect, it } from "vitest";
import type { Dataset } from "../../src/data/dataset.ts";
import { labelSource, labelsOf } from "../../src/data/labels.ts";
import { Random } from "../../src/random.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { maxDeviation, normals } from "../evaluate.ts";
import { tolerances } from "../tolerances.ts";

const N = 8;
/** f(y, x) = (2 + y/10) exp(i (x/7 − 1)): bilinear interpolation between rows is exact, along x nearly. */
const object = {
  shape: [20, 24],
  data: Float32Array.from({ length: 2 * 20 * 24 }, (_, i) => {
    const [y, x] = [Math.floor((i >> 1) / 24), (i >> 1) % 24];
    return (2 + y / 10) * (i % 2 === 0 ? Math.cos(x / 7 - 1) : Math.sin(x / 7 - 1));
  }),
};
const positions = Float64Array.of(10, 12, 9.5, 11, 4, 4, 3.5, 12, 16.25, 20);

describe("labels", () => {
  it("are the object's amplitude and phase around each position, times the scale", () => {
    const { amplitude, phase, known } = labelsOf([{ kind: "object", array: object, positions, scale: 3 }], [0, 1], N);
    const expected = [0, 1].flatMap((frame) =>
      Array.from({ length: N * N }, (_, i) => {
        const y = positions[2 * frame] - 4 + Math.floor(i / N);
        const x = positions[2 * frame + 1] - 4 + (i % N);
        return [3 * (2 + y / 10), x / 7 - 1] as const;
      }),
    );
    expect(
      maxDeviation(
        amplitude,
        expected.map(([a]) => a),
      ),
    ).toBeLessThan(tolerances.float32Rounding);
    expect(
      maxDeviation(
        phase,
        expected.map(([, p]) => p),
      ),
    ).toBeLessThan(tolerances.float32Rounding);
    expect(known.every((value) => value === 1)).toBe(true);
  });

  it("say which pixels they do not know", () => {
    const { known } = labelsOf([{ kind: "object", array: object, positions, scale: 1 }], [2, 3, 4], N);
    const unknown = (frame: number): number[] =>
      Array.from({ length: N * N }, (_, i) => i).filter((i) => known[frame * N * N + i] === 0);
    expect(unknown(0)).toEqual([]);
    // Half a pixel beyond the first row, and from row 19.25 and column 24 on.
    expect(unknown(1)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(unknown(2)).toEqual(Array.from({ length: 64 }, (_, i) => i).filter((i) => i >= 56));
  });

  it("may be given as patches", () => {
    const data = normals(new Random(3), 2 * 3 * N * N);
    const { amplitude, phase } = labelsOf(
      [{ kind: "patches", array: { shape: [3, N, N], data }, positions, scale: 2 }],
      [2],
      N,
    );
    const at = 2 * (2 * N * N + 17);
    expect(amplitude[17]).toBeCloseTo(2 * Math.hypot(data[at], data[at + 1]), 6);
    expect(phase[17]).toBeCloseTo(Math.atan2(data[at + 1], data[at]), 6);
  });
});

it("of several scans are each frame's own scan's", () => {
  const first = { kind: "object", array: object, positions, scale: 3 } as const;
  const other = { ...object, data: object.data.map((value) => -value) };
  const second = { kind: "object", array: other, positions: positions.slice(2), scale: 1 } as const;
  const joined = labelsOf([first, second], [4, 5, 1, 8], N);
  const own = [
    labelsOf([first], [4], N),
    labelsOf([second], [0], N),
    labelsOf([first], [1], N),
    labelsOf([second], [3], N),
  ];
  for (const key of ["amplitude", "phase", "known"] as const)
    expect(joined[key]).toEqual(Float32Array.from(own.flatMap((labels) => [...labels[key]])));
});

describe("where labels come from", () => {
  const { object: truth, ...bare } = simulate({ n: 32, patterns: 4 });
  const patches = { shape: [4, 32, 32], data: new Float32Array(2 * 4 * 32 * 32).fill(1) };
  const kind = (dataset: Dataset): string => labelSource(dataset).kind;

  it("the patches of the file, else its object", () => {
    expect(kind({ ...bare, object: truth!, patches })).toBe("patches");
    expect(kind({ ...bare, patches, labelProblem: "beside the point" })).toBe("patches");
    expect(kind({ ...bare, object: truth! })).toBe("object");
  });

  it("refuses a scan without, with a reason where something looks like labels", () => {
    expect(() => kind(bare)).toThrow(/no labels to train on.*expected complex patches Y or label.*model_type/);
    const problem = { labelProblem: "objectGuess, float64: an amplitude without a phase" };
    expect(() => kind({ ...bare, object: truth!, ...problem })).toThrow(/an amplitude without a phase/);
    const flat = { shape: [40, 40], data: new Float32Array(3200).map((_, i) => 1 - (i & 1)) };
    expect(() => kind({ ...bare, object: flat })).toThrow(/an object without structure/);
  });
});
