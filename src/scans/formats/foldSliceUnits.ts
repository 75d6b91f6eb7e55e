import { numberAt, type Reading } from "./quantities.ts";

/** fold_slice keeps metres for X-rays and ångström for electrons, and does not say which. */

/** No scan is so long, in metres; one of electrons is not so short, in ångström. */
export const metresLong = 0.01;

/** A positive number of a file, undefined where there is none. */
export function positiveAt(reading: Reading, key: string): number | undefined {
  const value = numberAt(reading, key);
  return value !== undefined && value > 0 ? value : undefined;
}
