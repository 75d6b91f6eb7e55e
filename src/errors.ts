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
  /** Shapes or dtypes do not fit together. */
  | "shape"
  /** A device, provider or library that was asked for is not there. */
  | "device"
  /** A saved model does not fit this program or this data. */
  | "bundle"
  /** Writing failed: no permission, no space. */
  | "output";

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

export class PtychonautError extends Error {
  readonly kind: ErrorKind;
  readonly details: ErrorDetails;

  constructor(kind: ErrorKind, what: string, details: ErrorDetails = {}) {
    super(explain(what, details), details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "PtychonautError";
    this.kind = kind;
    this.details = details;
  }

  /** Exit code of a command that ends with this error: 2 for misuse, 1 for a run that failed. */
  get exitCode(): 1 | 2 {
    return this.kind === "output" ? 1 : 2;
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

/** Names the candidate closest to `name`, for "did you mean". Undefined when nothing is near. */
export function nearestName(name: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(normalise(name), normalise(candidate));
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
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
  const advice = fix === undefined ? "" : `. ${fix.charAt(0).toUpperCase()}${fix.slice(1)}`;
  // Whoever logs the message does not think of what a file's names may hold; `details` have them as they are.
  return printable(parts.join("; ") + advice);
}

const normalise = (name: string): string => name.toLowerCase().replaceAll("-", "_");

/** Levenshtein distance with one row of memory. */
function editDistance(a: string, b: string): number {
  const row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    let diagonal = row[0]!;
    row[0] = i;
    for (let j = 1; j <= b.length; j++) {
      const above = row[j]!;
      row[j] = Math.min(above + 1, row[j - 1]! + 1, diagonal + (a[i - 1] === b[j - 1] ? 0 : 1));
      diagonal = above;
    }
  }
  return row[b.length]!;
}
