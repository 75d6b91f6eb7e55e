import type { BatchSource } from "./batches.ts";
import type { PatternPart, Patterns } from "./dataset.ts";
import { scanOf, startsOf } from "./frameNumbers.ts";
import { normalisePatterns } from "./normalisation.ts";

/**
 * Several scans as one source of batches. Frames are numbered through, scan after scan; a group stays within its scan, and
 * `experiments` says which that is.
 * @param sources one a scan, patterns of one size; a scan may have no groups
 */
export function joinSources(sources: readonly BatchSource[]): BatchSource {
  const [first] = sources as [BatchSource, ...BatchSource[]];
  const starts = startsOf(sources.map(({ patterns }) => patterns));
  const count = sources.reduce((sum, { groups }) => sum + groups.count, 0);
  const { size } = first.groups;
  const frames = new Int32Array(count * size);
  const offsets = new Float64Array(2 * count * size);
  const centres = new Float64Array(2 * count);
  const experiments = new Int32Array(count);
  let at = 0;
  for (const [scan, { groups, geometry }] of sources.entries()) {
    frames.set(
      groups.frames.map((frame) => frame + starts[scan]),
      at * size,
    );
    offsets.set(geometry.offsets, 2 * at * size);
    centres.set(geometry.centres, 2 * at);
    experiments.fill(scan, at, at + groups.count);
    at += groups.count;
  }
  const parts = sources.map(({ patterns, measurement, scales, mask }) => ({
    patterns,
    measurement,
    inputScale: scales.inputScale,
    ...(mask === undefined ? {} : { mask }),
  }));
  return {
    patterns: joinedPatterns(parts),
    measurement: "amplitude",
    scales: { inputScale: 1 },
    groups: { size, count, frames },
    geometry: { centres, offsets },
    experiments,
  };
}

/** The patterns of all scans as network input, each normalised and masked as its scan wants it. */
export function joinedPatterns(parts: readonly PatternPart[]): Patterns {
  const { height, width } = parts[0].patterns;
  const starts = startsOf(parts.map(({ patterns }) => patterns));
  const size = height * width;
  return {
    count: parts.reduce((sum, { patterns }) => sum + patterns.count, 0),
    height,
    width,
    origin: { kind: "joined", parts },
    read(indices, out) {
      for (let k = 0; k < indices.length; ) {
        const scan = scanOf(starts, indices[k]);
        let end = k + 1;
        while (end < indices.length && scanOf(starts, indices[end]) === scan) end++;
        const own = Int32Array.from({ length: end - k }, (_, i) => indices[k + i] - starts[scan]);
        const target = out.subarray(k * size, end * size);
        const { patterns, measurement, inputScale, mask } = parts[scan];
        patterns.read(own, target);
        normalisePatterns(target, measurement, { inputScale }, mask);
        k = end;
      }
    },
  };
}
