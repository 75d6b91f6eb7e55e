/** How a constraint says what it takes away. */
export interface Cut {
  /** "the aperture takes" */
  readonly takes: string;
  /** "of the probe's light" */
  readonly of: string;
  /** What takes less. */
  readonly fix: string;
}

/** Part of the squares below which nothing is said, and above which, from the second epoch on, the constraint is doubted. */
const SAID = 0.001;
const DOUBTED = 0.05;

/** What a constraint takes of waves: an epoch of the engine that gives it back again is no step forward. */
export interface MeasuredCut {
  /**
   * @param epoch from 0. Of the first, which a guess may rightly lose much in, it is only told
   * @returns lines worth telling
   */
  measure(epoch: number, before: Float64Array, after: Float64Array): readonly string[];
  /** After the last epoch. */
  doubt(): string | undefined;
}

/** Measures Σ |before − after|² / Σ |before|² of every epoch. */
export function cutOf({ takes, of, fix }: Cut): MeasuredCut {
  let [part, doubted] = [0, false];
  const said = (): string => `${takes} ${(100 * part).toFixed(part < 0.1 ? 1 : 0)} % ${of}`;
  return {
    measure(epoch, before, after) {
      let [gone, all] = [0, 0];
      for (let i = 0; i < before.length; i++) {
        gone += (before[i] - after[i]) ** 2;
        all += before[i] ** 2;
      }
      part = all > 0 ? gone / all : 0;
      doubted = epoch > 0 && part > DOUBTED;
      return epoch === 0 && part > SAID ? [`${said()} after the first epoch`] : [];
    },
    doubt: () => (doubted ? `${said()} at the end of an epoch, and the next gives it back: ${fix}` : undefined),
  };
}
