/** What is known of a scan before it is reconstructed. */
export interface ScanFacts {
  /** To be explained. */
  readonly frames: number;
  /** Only predicted. */
  readonly heldOut: number;
  readonly slices: number;
  /** Windows that see a pixel of the object by most of their light, in the mean. */
  readonly views: number;
  /** Counts of a valid pixel of a pattern, in the mean; null where they are no whole numbers, and so no photons. */
  readonly countsPerPixel: number | null;
  /** What short tries came to; none where nothing could be tried. */
  readonly tries: readonly Try[];
}

/** Some epochs with an engine and wrappers. */
export interface Try {
  readonly engine: "rpie" | "lsqml";
  readonly wrappers: readonly string[];
  /** R of held-out patterns at the end. */
  readonly error: number;
}

/** Settings by their names, and why in at most three lines. */
export interface Decision {
  readonly settings: {
    readonly engine: "rpie" | "lsqml";
    readonly noise?: "poisson";
    readonly wrappers: readonly string[];
    readonly epochs: number;
    readonly patience: number | null;
    readonly stopAtNoise: boolean;
  };
  readonly why: readonly string[];
}

/** With fewer, batches have little to be put together from, and held-out patterns show what hardly any other sees. */
export const FEW_VIEWS = 2;
/** With fewer held-out patterns chance decides. */
export const LEAST_HELD_OUT = 3;
/** Below so many counts a pixel the noise of amplitudes is not that of counts. */
const FEW_COUNTS = 2;
/** Part of R that a try must gain for another wrapper, or the other engine, to be taken. */
const GAIN = 0.02;
/** Patterns that all epochs together pass: what small scans need more of, they have time for. */
const PASSES = 1e5;
const EPOCHS = { least: 60, most: 500 } as const;
/** Epochs without a better prediction. */
const PATIENCE = 6;

/** What short tries are made of; each has all of the one before. */
export const tried: readonly Omit<Try, "error">[] = [
  { engine: "lsqml", wrappers: [] },
  { engine: "rpie", wrappers: [] },
  { engine: "lsqml", wrappers: ["intensities", "background"] },
  { engine: "lsqml", wrappers: ["positions", "intensities", "background"] },
];

/** Engine, wrappers and stopping for a scan: a pure function of what is known of it. */
export function decide(facts: ScanFacts): Decision {
  const { frames, heldOut, slices, views, countsPerPixel } = facts;
  const [engine, becauseEngine] = engineFor(facts);
  const [wrappers, becauseWrappers] = wrappersFor(facts);
  const poisson = engine === "lsqml" && countsPerPixel !== null && countsPerPixel < FEW_COUNTS;
  const epochs = Math.min(EPOCHS.most, Math.max(EPOCHS.least, Math.round(PASSES / frames)));
  const told = views >= FEW_VIEWS && heldOut >= LEAST_HELD_OUT;
  return {
    settings: {
      ...{ engine, wrappers, epochs, patience: told ? PATIENCE : null },
      ...(poisson ? { noise: "poisson" as const } : {}),
      stopAtNoise: told && slices === 1 && countsPerPixel !== null,
    },
    why: [
      `${engine}${poisson ? " with Poisson noise" : ""}: ${becauseEngine}${poisson ? `; ${countsPerPixel.toPrecision(2)} counts a pixel` : ""}`,
      `${wrappers.length === 0 ? "no wrappers" : wrappers.join(", ")}: ${becauseWrappers}`,
      told
        ? `at most ${epochs} epochs for ${frames} patterns, fewer once held-out patterns are predicted no better for ${PATIENCE}`
        : `${epochs} epochs for ${frames} patterns: ${heldOut} held-out ones tell little where ${views.toPrecision(2)} windows see a pixel`,
    ],
  };
}

function engineFor({ slices, views, countsPerPixel, tries }: ScanFacts): ["rpie" | "lsqml", string] {
  if (slices > 1) return ["rpie", `of ${slices} slices it moves each by its own light`];
  // Under noise rpie, which goes far where there is little light, diverges sooner.
  if (views < FEW_VIEWS && !(countsPerPixel !== null && countsPerPixel < FEW_COUNTS))
    return ["rpie", `${views.toPrecision(2)} windows see a pixel, too few for batches`];
  const [whole, one] = [errorOf(tries, "lsqml", 0), errorOf(tries, "rpie", 0)];
  const seen = `${views.toPrecision(2)} windows see a pixel`;
  if (whole === undefined || one === undefined) return ["lsqml", seen];
  const both = `R ${whole.toPrecision(3)} of held-out patterns after a few epochs, rpie ${one.toPrecision(3)}`;
  return one < (1 - GAIN) * whole && !(bestWrapped(tries) < (1 - GAIN) * one)
    ? ["rpie", `R ${one.toPrecision(3)} of held-out patterns after a few epochs, lsqml ${whole.toPrecision(3)}`]
    : ["lsqml", `${seen}; ${both}`];
}

const bestWrapped = (tries: readonly Try[]): number =>
  Math.min(...tries.filter(({ wrappers }) => wrappers.length > 0).map(({ error }) => error));

const errorOf = (tries: readonly Try[], engine: string, wrappers: number): number | undefined =>
  tries.find((each) => each.engine === engine && each.wrappers.length === wrappers)?.error;

/** One set after the other, as long as each gains. */
function wrappersFor({ tries }: ScanFacts): [readonly string[], string] {
  const sets = tries.filter(({ engine }) => engine === "lsqml");
  if (sets.length < 2) return [[], "nothing told that they help"];
  let [best] = sets;
  for (const each of sets) if (each.error < (1 - GAIN) * best.error) best = each;
  const R = (of: Try) => `${of.wrappers.length === 0 ? "none" : of.wrappers.join(" + ")} ${of.error.toPrecision(3)}`;
  return [best.wrappers, `R of held-out patterns: ${sets.map(R).join(", ")}`];
}
