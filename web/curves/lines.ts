/** One of the curves that are drawn together. */
export interface CurveLine {
  readonly name: string;
  /** As many as there are of x. */
  readonly values: readonly number[];
}

/** Names of columns as words. */
export const wordsOf = (name: string): string => name.replaceAll("_", " ").trim();
