import { printable, printableLine } from "./printable.ts";

/**
 * Errors are few, tagged and helpful. Each says what is wrong, what was expected, what was found, where, and what to do
 * about it. Misuse (the caller can fix the call) ends a command with exit code 2, a failed run with exit code 1.
 *
 * Numerical trouble (diverged, stalled, NaN) is not an error: it is part of a run's outcome.
 *
 * Errors, warnings, findings and advice name a setting by `setting("dc_at", "corner")`, never as a flag of the command
 * line: `fix: \`say where it is: ${setting("dc_at", "corner")}\``. Programs and pages then read a name that they can use,
 * and the command line (`node/cli/flagWords.ts`) writes it as --dc_at corner wherever it prints. A test holds it.
 */
export type ErrorKind =
  /** A command line, a config or a function argument is wrong: unknown name, contradiction, impossible combination. */
  | "usage"
  /** A file cannot be read, is damaged, or does not hold what it must. */
  | "data"
  /** A file was changed, replaced or deleted while a run was reading it. */
  | "changed"
  /** Shapes or dtypes do not fit together. */
  | "shape"
  /** A device, provider or library that was asked for is not there. */
  | "device"
  /** A saved model does not fit this program or this data. */
  | "bundle"
  /** Writing failed: no permission, no space. */
  | "output"
  /** Memory ran out. */
  | "memory"
  /** Other processes of the run do not answer. */
  | "lost";

const failedRuns: ReadonlySet<ErrorKind> = new Set(["changed", "output", "memory", "lost"]);

export interface ErrorDetails {
  /** What the program needed. */
  readonly expected?: string;
  /** What it found. */
  readonly got?: string;
  /** Where: a file, a key in it, a flag, a field of the config. */
  readonly where?: string;
  /** What the user can do. */
  readonly fix?: string;
  readonly cause?: unknown;
}

/** An error on its way from one thread to another, which takes no classes. */
export interface PlainError {
  readonly kind: ErrorKind;
  readonly what: string;
  readonly details: Omit<ErrorDetails, "cause">;
}

export class PtychonautError extends Error {
  readonly kind: ErrorKind;
  /** The message without its details. */
  readonly what: string;
  readonly details: ErrorDetails;

  constructor(kind: ErrorKind, what: string, details: ErrorDetails = {}) {
    super(explain(what, details), details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "PtychonautError";
    this.kind = kind;
    this.what = what;
    this.details = details;
  }

  /** What another thread makes the same error of: `fromPlain`. The cause stays behind. */
  toPlain(): PlainError {
    const { cause: _, ...details } = this.details;
    return { kind: this.kind, what: this.what, details };
  }

  static fromPlain({ kind, what, details }: PlainError): PtychonautError {
    return new PtychonautError(kind, what, details);
  }

  /** Exit code of a command that ends with this error: 2 for misuse, 1 for a run that failed. */
  get exitCode(): 1 | 2 {
    return failedRuns.has(this.kind) ? 1 : 2;
  }
}

/**
 * A setting, or an option of a command, for texts that tell what to change: `dc_at=corner` between backticks.
 * @param name as it stands in a config file, with underscores
 * @param value what to set it to; absent where only the setting is meant; true and false for a switch
 */
export function setting(name: string, value?: string | number | boolean): string {
  return value === undefined ? `\`${name}\`` : `\`${name}=${value}\``;
}

/**
 * Names the candidate that somebody meant by `name`, for "did you mean": the same but for case and hyphens, one letter off,
 * by its initials (`lr`), as it begins, by a word in it, or some letters off. Undefined when nothing is near.
 */
export function nearestName(name: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestRank = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const rank = strangeness(normalise(name), normalise(candidate));
    if (rank < bestRank) [best, bestRank] = [candidate, rank];
  }
  return best;
}

/** How far a name is from what was meant, infinite where it was not. */
function strangeness(name: string, candidate: string): number {
  const distance = editDistance(name, candidate);
  if (distance === 0 || (distance === 1 && name.length > 2)) return distance;
  const words = candidate.split("_");
  if (words.length > 1 && words.map((word) => word.charAt(0)).join("") === name) return 1.5;
  // Of several that begin or go on so, the shortest.
  const more = Math.min(0.9, candidate.length / 100);
  if (name.length > 2 && candidate.startsWith(name)) return 2 + more;
  if (name.length > 2 && words.some((word) => word.startsWith(name))) return 3 + more;
  if (candidate.length > 3 && name.split("_").includes(candidate)) return 4 + more;
  return distance <= Math.max(2, Math.floor(name.length / 3)) && distance < Math.min(name.length, candidate.length)
    ? 3 + distance
    : Number.POSITIVE_INFINITY;
}

/** An unknown name out of a closed set: lists what is known and suggests the nearest. */
export function unknownName(what: string, name: string, known: readonly string[], where?: string): PtychonautError {
  const near = nearestName(name, known);
  return new PtychonautError("usage", `unknown ${what} "${name}"`, {
    expected: `one of ${known.join(", ")}`,
    ...(where === undefined ? {} : { where }),
    ...(near === undefined ? {} : { fix: `did you mean "${near}"?` }),
  });
}

function explain(what: string, { expected, got, where, fix }: ErrorDetails): string {
  const parts = [what];
  if (where !== undefined) parts.push(`in ${printableLine(where)}`);
  if (expected !== undefined) parts.push(`expected ${expected}`);
  if (got !== undefined) parts.push(`got ${got}`);
  // A table ends with its line.
  const end = parts[parts.length - 1].endsWith("\n") ? "" : ". ";
  const advice = fix === undefined ? "" : `${end}${fix.charAt(0).toUpperCase()}${fix.slice(1)}`;
  // Whoever logs the message does not think of what a file's names may hold; `details` have them as they are.
  return printable(parts.join("; ") + advice);
}

/** Words in small letters with underscores between them; of a flag without its hyphens. */
const normalise = (name: string): string =>
  name
    .replace(/^-+/, "")
    .replace(/(?<=[a-z0-9])(?=[A-Z])/g, "_")
    .toLowerCase()
    .replaceAll("-", "_");

/** Levenshtein distance with one row of memory. */
function editDistance(a: string, b: string): number {
  const row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    let diagonal = row[0];
    row[0] = i;
    for (let j = 1; j <= b.length; j++) {
      const above = row[j];
      row[j] = Math.min(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] === b[j - 1] ? 0 : 1));
      diagonal = above;
    }
  }
  return row[b.length];
}
