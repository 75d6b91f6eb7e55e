import type { NumberSetting } from "../settings.ts";
import type { Wrapper } from "../wrapper.ts";
import { everyEpoch } from "./everyEpoch.ts";

type VariationSettings = { readonly tvWeight: number };

const tvWeight: NumberSetting = {
  ...{ name: "tvWeight", kind: "real", default: 0.002, above: 0 },
  help: "weight of total variation beside half the squared distance to the object, whose amplitude is of order one: steps between pixels of a few times less are flattened.",
};

/** Iterations of the dual problem: it need not be solved well, since it is taken up again after the next epoch. */
const ITERATIONS = 10;
/** Below 1/8 the iteration converges (Chambolle 2004, theorem 3.1). */
const STEP = 0.12;

/**
 * After every epoch the object becomes that of least ½ ‖u − O‖² + λ Σ |∇u|, where |∇u| is over both differences and both
 * parts of the complex number, so that edges of amplitude and phase are one (Chambolle, J. Math. Imaging Vis. 20, 89 (2004),
 * whose iteration is in the dual variable p: u = O − λ div p).
 */
export const totalVariation: Wrapper<VariationSettings> = {
  name: "tv",
  about: "flattens the object between its edges by total variation",
  settings: [tvWeight],
  init: (experiment, { tvWeight }) =>
    everyEpoch(experiment, "object", ({ values, shape: [planes, height, width] }) => {
      const size = 2 * height * width;
      for (let k = 0; k < planes; k++) denoise(values.subarray(k * size, (k + 1) * size), width, tvWeight);
    }),
};

/** In place; interleaved, rows of `width`. */
export function denoise(values: Float64Array, width: number, weight: number): void {
  const row = 2 * width;
  const [down, right, rest] = [0, 1, 2].map(() => new Float64Array(values.length)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  /** (div p − O / λ) of an element. */
  const balance = (): void => {
    for (let i = 0; i < values.length; i++) {
      const above = i >= row ? down[i - row] : 0;
      const before = i % row >= 2 ? right[i - 2] : 0;
      rest[i] = down[i] - above + right[i] - before - values[i] / weight;
    }
  };
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    balance();
    for (let i = 0; i < values.length; i += 2) {
      const [hasBelow, hasNext] = [i + row < values.length, i % row < row - 2];
      let squares = 0;
      for (let part = i; part < i + 2; part++) {
        const [y, x] = [hasBelow ? rest[part + row] - rest[part] : 0, hasNext ? rest[part + 2] - rest[part] : 0];
        squares += y * y + x * x;
        down[part] += STEP * y;
        right[part] += STEP * x;
      }
      const shrink = 1 / (1 + STEP * Math.sqrt(squares));
      for (let part = i; part < i + 2; part++) {
        down[part] *= shrink;
        right[part] *= shrink;
      }
    }
  }
  balance();
  for (let i = 0; i < values.length; i++) values[i] = -weight * rest[i];
}
