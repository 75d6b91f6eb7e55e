import type { ScanOptions } from "../../src/scans/scanOptions.ts";
import type { ScanAddress } from "../worker/scanAddress.ts";

/** Readings of scans that may overlap: the scan that was wished for last counts, whichever is read first. */
export interface Readings<T> {
  /** A place in the order of wishes, for a scan that has to be brought first. */
  turn(): number;
  /**
   * Reads a scan.
   * @param turn when it was wished for. Default: now
   * @returns what was read; undefined, without waiting for it, as soon as another one is read that was wished for later
   */
  read(address: ScanAddress, turn?: number): Promise<T | undefined>;
  /**
   * Reads the last one anew, with other statements beside it. One that is on its way, and was wished for after it, still takes
   * its place.
   * @param change is given what was stated last, which may be being read
   */
  restate(change: (stated: ScanOptions) => ScanOptions): Promise<T | undefined>;
  /** What is being read, or was read last. */
  latest(): ScanAddress | undefined;
}

/** @param reading is given a number too, which is higher for each reading that begins */
export function readings<T>(reading: (address: ScanAddress, serial: number) => Promise<T>): Readings<T> {
  let [turns, newest, serials] = [0, 0, 0];
  let latest: ScanAddress | undefined;
  let overtake = (): void => {};
  const read: Readings<T>["read"] = async (address, turn = ++turns) => {
    if (turn < newest) return undefined;
    overtake();
    [newest, latest] = [turn, address];
    const serial = ++serials;
    const overtaken = new Promise<void>((resolve) => {
      overtake = resolve;
    });
    const made = await Promise.race([reading(address, serial), overtaken]);
    return serial === serials && made !== undefined ? made : undefined;
  };
  return {
    turn: () => ++turns,
    read,
    restate: async (change) => latest && read({ path: latest.path, stated: change(latest.stated) }, newest),
    latest: () => latest,
  };
}
