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
    const alone = { object: ratio(ux, a), probe: ratio(vx, d) };
    // By Cauchy and Schwarz a d > uv² unless everything is dark.
    const determinant = a * d - uv * uv;
    if (!(moves.object && moves.probe)) {
      if (moves.object) object[k] = Math.max(0, alone.object);
      if (moves.probe) probe[k] = Math.max(0, alone.probe);
      return;
    }
    const [x, y] = [ratio(d * ux - uv * vx, determinant), ratio(a * vx - uv * ux, determinant)];
    // Where one would go backwards, it stays, and the other goes as if it were alone.
    object[k] = y < 0 ? Math.max(0, alone.object) : Math.max(0, x);
    probe[k] = x < 0 ? Math.max(0, alone.probe) : Math.max(0, y);
  });
  return { object, probe };
}

const ratio = (a: number, b: number): number => (b > 0 ? a / b : 0);

/** The mean without the smallest and the largest tenth. */
export function trimmedMean(values: ArrayLike<number>, part = 0.1): number {
  const sorted = Float64Array.from(values).sort();
  const cut = Math.floor(part * sorted.length);
  const kept = sorted.subarray(cut, sorted.length - cut);
  return kept.reduce((sum, value) => sum + value, 0) / kept.length;
}
