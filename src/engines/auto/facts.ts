import { evenly } from "../../arrays.ts";
import type { EngineScan } from "../scan.ts";
import type { ScanFacts } from "./decide.ts";

/** Patterns that are looked at. */
const MOST = 64;
/** Part of a count by which numbers of photons may be off, which files have as roots of single precision. */
const WHOLE = 0.01;

/** What is known of a scan without trying anything. */
export function measuredFacts(scan: EngineScan, frames: Int32Array): Omit<ScanFacts, "heldOut" | "tries"> {
  return {
    ...{ frames: frames.length, slices: scan.slices?.count ?? 1 },
    ...{ views: viewsOf(scan, frames), countsPerPixel: countsPerPixel(scan, frames) },
  };
}

/** Lit areas of all windows over the area that they cover. */
function viewsOf({ probe, positions }: EngineScan, frames: Int32Array): number {
  const [modes, height, width] = probe.shape;
  const size = height * width;
  const light = new Float64Array(size);
  for (let i = 0; i < modes * size; i++) light[i % size] += probe.data[2 * i] ** 2 + probe.data[2 * i + 1] ** 2;
  let [sum, squares] = [0, 0];
  for (const value of light) {
    sum += value;
    squares += value * value;
  }
  const lit = (sum * sum) / squares;
  const extent = ([0, 1] as const).map((axis) => {
    let [least, most] = [Infinity, -Infinity];
    for (const frame of frames) {
      least = Math.min(least, positions[2 * frame + axis]);
      most = Math.max(most, positions[2 * frame + axis]);
    }
    return most - least + Math.sqrt(lit);
  });
  return (frames.length * lit) / (extent[0] * extent[1]);
}

function countsPerPixel({ amplitudes, mask, countsPerUnit }: EngineScan, frames: Int32Array): number | null {
  const { height, width } = amplitudes;
  const chosen = evenly(Array.from(frames), MOST);
  const values = new Float32Array(height * width);
  let [sum, pixels, counted, whole] = [0, 0, 0, 0];
  for (const frame of chosen) {
    amplitudes.read([frame], values);
    for (let i = 0; i < values.length; i++) {
      if (mask !== undefined && mask[i] === 0) continue;
      const counts = values[i] ** 2 * countsPerUnit;
      sum += counts;
      pixels++;
      // Of many, single precision does not tell whether they are whole.
      if (counts < 0.3 || counts > 100) continue;
      counted++;
      if (Math.abs(counts - Math.round(counts)) < WHOLE * Math.max(1, counts / 10)) whole++;
    }
  }
  return counted > 0 && whole > 0.9 * counted ? sum / pixels : null;
}
