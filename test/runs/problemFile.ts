import { writeFileSync } from "node:fs";
import { memoryPatterns } from "../../src/data/memoryPatterns.ts";
import type { EngineScan } from "../../src/engines/scan.ts";
import type { Geometry } from "../../src/optics/geometry.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";

/** What a problem's file says beside its arrays. */
interface Said {
  readonly photonsPerPattern: number;
  readonly geometry?: Geometry;
}

/** Writes a simulated problem of engines as a scan, for runs that read it. */
export function writeProblem(path: string, { amplitudes, positions, probe }: EngineScan, said: Said): void {
  const { count, height, width } = amplitudes;
  const values = new Float32Array(count * height * width);
  amplitudes.read(
    Array.from({ length: count }, (_, k) => k),
    values,
  );
  const dataset = {
    ...{ name: "problem", measurement: "amplitude" as const, positions, probe, ...said },
    patterns: memoryPatterns(values, [count, height, width]),
    provenance: { conversions: [], warnings: [] },
  };
  writeFileSync(path, writeScanNpz(dataset));
}
