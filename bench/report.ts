/** Times and memory of one contender on one task. */
export interface Measured {
  readonly contender: string;
  readonly versions: Readonly<Record<string, string>>;
  /** Milliseconds of a step, or of a batch of inference. */
  readonly minimum: number;
  readonly median: number;
  readonly runs: readonly number[];
  /** MiB; undefined where the system does not say. */
  readonly peakMemory: number | undefined;
  /** With the libraries loaded and nothing else. */
  readonly idleMemory: number | undefined;
}

/** All contenders on one task; the last one is the rival. */
export interface Comparison {
  readonly case: string;
  readonly task: string;
  readonly threads: number;
  /** How the rival was told to work. */
  readonly variant: Readonly<Record<string, string>>;
  /** Largest relative difference of ours to the rival's losses or patches. */
  readonly difference: number;
  readonly measured: readonly Measured[];
}

export function statistics(runs: readonly number[]): Pick<Measured, "minimum" | "median" | "runs"> {
  const sorted = [...runs].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return { minimum: sorted[0], median: (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2, runs };
}

const HEADINGS = [
  ["case", "task", "threads", "contender"],
  ["min ms", "median ms", "ratio of minima", "ratio of medians"],
  ["peak MiB", "ratio of peaks", "above idle MiB"],
].flat();

/** Markdown; ratios are contender over rival, so below 1 means faster or smaller than it. */
export function table(comparisons: readonly Comparison[]): string {
  const rows = comparisons.flatMap((comparison) => {
    const rival = comparison.measured.at(-1)!;
    return comparison.measured.map((one) => [
      ...[comparison.case, comparison.task, String(comparison.threads), one.contender],
      ...[one.minimum.toFixed(1), one.median.toFixed(1)],
      ...[ratio(one.minimum, rival.minimum), ratio(one.median, rival.median)],
      ...[whole(one.peakMemory), ratio(one.peakMemory, rival.peakMemory), whole(aboveIdle(one))],
    ]);
  });
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(HEADINGS), line(HEADINGS.map(() => "---")), ...rows.map(line)].join("\n");
}

const aboveIdle = ({ peakMemory, idleMemory }: Measured): number | undefined =>
  peakMemory === undefined || idleMemory === undefined ? undefined : peakMemory - idleMemory;
const whole = (value: number | undefined): string => (value === undefined ? "–" : value.toFixed(0));
const ratio = (a: number | undefined, b: number | undefined): string =>
  a === undefined || b === undefined ? "–" : (a / b).toFixed(2);
