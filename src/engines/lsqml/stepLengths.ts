/** Inner products of a frame: u and v are what the directions of object and probe make of its exit waves, χ what it asks for. */
export interface Overlaps {
  /** ⟨u, u⟩, ⟨v, v⟩. */
  readonly uu: number;
  readonly vv: number;
  /** Re ⟨u, v⟩, Re ⟨u, χ⟩, Re ⟨v, χ⟩. */
  readonly uv: number;
  readonly ux: number;
  readonly vx: number;
}

/** Part of the mean that is added to each frame's ⟨u, u⟩ and ⟨v, v⟩: dark frames would else take any step. */
const DAMPING = 0.1;

export interface StepLengths {
  readonly object: Float64Array;
  readonly probe: Float64Array;
}

/**
 * The lengths a, b ≥ 0 that make a u + b v closest to χ, frame by frame (Odstrčil, Menzel & Guizar-Sicairos, Opt. Express 26,
 * 3108 (2018), eq. 22–24), all modes together. Steps are real, so only real parts enter.
 *
 * @param moves which of the two move; the other's length is 0
 */
export function stepLengths(frames: readonly Overlaps[], moves: { object: boolean; probe: boolean }): StepLengths {
  const mean = (of: (frame: Overlaps) => number): number =>
    frames.reduce((sum, frame) => sum + of(frame), 0) / frames.length;
  const [moreU, moreV] = [DAMPING * mean(({ uu }) => uu), DAMPING * mean(({ vv }) => vv)];
  const object = new Float64Array(frames.length);
  const probe = new Float64Array(frames.length);
  frames.forEach(({ uu, vv, uv, ux, vx }, k) => {
    const [a, d] = [uu + moreU, vv + moreV];
    const [alone, other] = [moves.object ? ratio(ux, a) : 0, moves.probe ? ratio(vx, d) : 0];
    if (moves.object && moves.probe) {
      // By Cauchy and Schwarz a d > uv² unless everything is dark.
      const determinant = a * d - uv * uv;
      const [x, y] = [ratio(d * ux - uv * vx, determinant), ratio(a * vx - uv * ux, determinant)];
      if (x >= 0 && y >= 0) {
        object[k] = x;
        probe[k] = y;
        return;
      }
    }
    // Where one would go backwards it stays, and the other goes as if it were alone: the one that gains more.
    if (Math.max(0, alone) * ux >= Math.max(0, other) * vx) object[k] = Math.max(0, alone);
    else probe[k] = other;
  });
  return { object, probe };
}

const ratio = (a: number, b: number): number => (b > 0 ? a / b : 0);

/** The mean without the smallest and the largest tenth, which of five and more are at least one each. */
export function trimmedMean(values: ArrayLike<number>): number {
  const sorted = Float64Array.from(values).sort();
  const cut = sorted.length < 5 ? 0 : Math.max(1, Math.floor(sorted.length / 10));
  const kept = sorted.subarray(cut, sorted.length - cut);
  return kept.reduce((sum, value) => sum + value, 0) / kept.length;
}
