import type { Measurement } from "../../data/dataset.ts";
import type { ArrayFile } from "../../formats/arrayFile.ts";
import type { ScanFacts } from "../checks/scanFacts.ts";
import { inspectedScan, type ScanInspection } from "../inspect/inspectScan.ts";
import type { PatternsPart } from "../parts.ts";
import { framesToFront, type PatternLayout } from "../patternLayout.ts";
import type { Elsewhere } from "../scanFormat.ts";
import type { ScanOptions } from "../scanOptions.ts";
import { framesTogether } from "../storedPatterns.ts";
import { type FrameFeatures, featureTally } from "./features.ts";
import { type PatternSample, type SampleTally, sampleTally } from "./sample.ts";
import { type ValueLattice, valueLattice } from "./values.ts";

/**
 * A scan as the doctor looks at it: as it lies in its file, nothing moved, scaled or refused. Any part may be absent: a
 * measurement says what it lacks.
 */
export interface Subject {
  readonly name: string;
  /** What was said about the file, or its format says; it is taken as true. */
  readonly stated: ScanOptions;
  readonly inspection: ScanInspection;
  /** What the checks of every command look at: statistics of all frames, positions, probe, geometry. */
  readonly facts: ScanFacts;
  /** `[y, x]`, 1 = valid, as the file has it. */
  readonly mask?: Uint8Array;
  /** Some frames, pixel by pixel. */
  readonly sample?: PatternSample;
  /** Whether its values, or their squares, are multiples of one number: counts, or their roots. */
  readonly lattice?: ValueLattice;
  /** What the values are, as far as they tell; else as reading takes them. */
  readonly kind: Measurement;
  /** A few numbers of every frame. */
  readonly features?: FrameFeatures;
  /** Frames as they are stored, `[indices.length, y, x]`. Only where there are patterns. */
  readonly read?: (indices: ArrayLike<number>) => Float32Array;
}

/** @throws PtychonautError "data" only when the file cannot be read at all */
export function subjectOf(file: ArrayFile, said: ScanOptions, name: string, elsewhere: Elsewhere = {}): Subject {
  let stored: { readonly part: PatternsPart; readonly layout: PatternLayout } | undefined;
  let sample: SampleTally | undefined;
  let features: ReturnType<typeof featureTally> | undefined;
  const { inspection, facts, mask } = inspectedScan(file, said, name, {
    elsewhere,
    watch: (seen, valid, part) => {
      stored = { part, layout: seen };
      sample = sampleTally(seen);
      features = featureTally(seen, valid);
      const tallies = [sample, features];
      return {
        add(data) {
          for (const tally of tallies) tally.add(data);
        },
      };
    },
  });
  const { stated } = facts;
  const sampled = sample?.finish();
  const lattice = sampled && valueLattice(sampled);
  const kind = stated.measurement ?? lattice?.kind ?? facts.patterns?.measurement ?? "amplitude";
  return {
    ...{ name, stated, inspection, facts, kind },
    ...(lattice === undefined ? {} : { lattice }),
    ...(mask === undefined ? {} : { mask }),
    ...(sampled === undefined ? {} : { sample: sampled }),
    ...(features === undefined ? {} : { features: features.finish() }),
    ...(stored === undefined ? {} : { read: reader(stored.part, stored.layout) }),
  };
}

function reader({ file, key }: PatternsPart, layout: PatternLayout): (indices: ArrayLike<number>) => Float32Array {
  const size = layout.height * layout.width;
  let turned: ArrayLike<number> | undefined;
  return (indices) => {
    const out = new Float32Array(indices.length * size);
    for (let k = 0; k < indices.length; k++) {
      if (framesTogether(file.header(key), layout)) {
        out.set(file.readImages(key, indices[k], 1), k * size);
        continue;
      }
      turned ??= framesFirst(file, key, layout);
      for (let i = 0; i < size; i++) out[k * size + i] = turned[indices[k] * size + i];
    }
    return out;
  };
}

function framesFirst(file: ArrayFile, key: string, layout: PatternLayout): ArrayLike<number> {
  const { data } = file.readNumbers(key);
  return layout.framesLast ? framesToFront(data, layout) : data;
}
