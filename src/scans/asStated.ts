import type { ComplexArray } from "../arrays.ts";
import type { Dataset } from "../data/dataset.ts";
import { usable } from "./checks/usable.ts";
import { preparedScan, type UnpreparedScan } from "./prepare/preparedScan.ts";
import type { ScanOptions } from "./scanOptions.ts";

/**
 * What a reader of any format leaves to be done: a probe moved to the middle of its window, and what prepares
 * the scan.
 * @param unread whether the patterns cannot be read
 * @throws PtychonautError "data" for a scan that no command can work with, see `usable`
 */
export function asStated(dataset: UnpreparedScan, options: ScanOptions, unread = false): Dataset {
  const whole = usable(options.probeAt === "corner" ? withCentredProbe(dataset) : dataset);
  return usable(preparedScan(whole, options, unread));
}

function withCentredProbe(dataset: UnpreparedScan): UnpreparedScan {
  const { probe, provenance } = dataset;
  if (probe === undefined) return dataset;
  const conversions = [...provenance.conversions, "probe moved from index 0 to the middle of its window"];
  return { ...dataset, probe: centredProbe(probe), provenance: { ...provenance, conversions } };
}

/** Every mode moved by floor(n/2) along both axes, cyclic. */
function centredProbe({ shape, data }: ComplexArray): ComplexArray {
  const [height, width] = shape.slice(-2) as [number, number];
  const size = height * width;
  const out = new Float32Array(data.length);
  for (let i = 0; i < data.length / 2; i++) {
    const y = (Math.floor((i % size) / width) + Math.floor(height / 2)) % height;
    const x = ((i % width) + Math.floor(width / 2)) % width;
    const to = i - (i % size) + y * width + x;
    out[2 * to] = data[2 * i];
    out[2 * to + 1] = data[2 * i + 1];
  }
  return { shape, data: out };
}
