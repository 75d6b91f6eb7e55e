import { counted } from "../../printable.ts";

/** What is known of a scan before it is reconstructed. */
export interface ScanFacts {
  /** To be explained. */
  readonly frames: number;
  /** Only predicted. */
  readonly heldOut: number;
  readonly slices: number;
  /** Incoherent states of the object. */
  readonly states: number;
  /** Windows that see a pixel of the object by most of their light, in the mean. */
  readonly views: number;
  /** Counts of a valid pixel of a pattern, in the mean; null where nobody knows. */
  readonly countsPerPixel: number | null;
  /** Whether intensities come in equal steps, and so have the noise of photons. */
  readonly counted: boolean;
  /** What the file has for one photon, where it is not 1. */
  readonly countsOfStep: number;
  /** Bytes of the exit waves of all frames. */
  readonly waveBytes: number;
  /** What short tries came to; none where nothing could be tried. */
  readonly tries: readonly Try[];
}

/** An engine, and what is refined or held beside it. */
export interface Attempt {
  readonly engine: "rpie" | "lsqml" | "dm";
  readonly wrappers: readonly string[];
  /** The scan's probe stays as it is. */
  readonly keepsProbe: boolean;
  /** Default Gaussian noise of amplitudes. */
  readonly noise?: "poisson";
}

/** Some epochs of it. */
export interface Try extends Attempt {
  /** R of held-out patterns at the end, and their deviance. */
  readonly error: number;
  readonly deviance: number;
}

/** Settings by their names, and why in at most three lines. */
export interface Decision {
  readonly settings: {
    readonly engine: Attempt["engine"];
    readonly noise?: "poisson";
    /** Of a probe that stays: an epoch to which no run comes. */
    readonly probeStart?: number;
    readonly wrappers: readonly string[];
    readonly epochs: number;
    readonly patience: number | null;
    /** Where nothing is gained by holding patterns back. */
    readonly heldOutFraction?: 0;
  };
  readonly why: readonly string[];
}

/** With fewer, batches have little to be put together from, and held-out patterns show what hardly any other sees. */
export const FEW_VIEWS = 2;
/** With fewer held-out patterns chance decides. */
export const LEAST_HELD_OUT = 3;
/** Below so many counts a pixel the noise of amplitudes is not that of counts. */
const FEWEST_COUNTS = 1;
/** Below so many rpie diverges sooner than others. */
const FEW_COUNTS = 2;
/** From the fewest to so many a try tells whether it is; beyond, both are the same. */
const SOME_COUNTS = 20;
/** Part of R that a try must gain for another wrapper, or the other engine, to be taken. */
const GAIN = 0.02;
const percent = `${100 * GAIN} %`;
/** The same for another engine than dm, which goes on gaining when the tries are over. */
const GAIN_OVER_DM = 0.1;
/** Patterns that all epochs together pass: what small scans need more of, they have time for. */
const PASSES = 1e5;
const EPOCHS = { least: 60, most: 500 } as const;
/**
 * Epochs without a better prediction, and the part of all epochs that they are where there are many: what small scans gain
 * slowly they have time for. The deviance of patterns that are explained is no end: it is at the noise of counts, as they
 * are fitted, while held-out patterns and the object become better.
 */
const PATIENCE = { least: 6, part: 1 / 25 } as const;
/** Exit waves of all frames, which dm keeps, and its checkpoints as well. */
const MOST_WAVES = 2 ** 28;
const NEVER = 1_000_000;

const plain = { wrappers: [], keepsProbe: false } as const;
const beam = ["intensities", "background"] as const;

/** What is tried: of many windows that see a pixel, the noise and the wrappers that help; of few, whether the probe is to stay. */
export const attempts = (
  facts: Pick<ScanFacts, "views" | "waveBytes" | "counted" | "countsPerPixel">,
): readonly Attempt[] =>
  facts.views >= FEW_VIEWS
    ? [
        { engine: "lsqml", ...plain },
        { engine: "rpie", ...plain },
        { engine: "lsqml", ...plain, wrappers: beam },
        { engine: "lsqml", ...plain, wrappers: ["positions", ...beam] },
        ...(hasSomePhotons(facts) ? [{ engine: "lsqml", ...plain, noise: "poisson" } as const] : []),
      ]
    : (["dm", "rpie"] as const)
        .filter((engine) => engine !== "dm" || facts.waveBytes <= MOST_WAVES)
        .flatMap((engine) => [
          { engine, ...plain },
          { engine, ...plain, keepsProbe: true },
        ]);

/** Whether the scan is one whose engine is not settled before anything is tried. */
export const isOpen = ({ slices, states, views, countsPerPixel }: Omit<ScanFacts, "tries" | "heldOut">): boolean =>
  slices === 1 && states === 1 && (views >= FEW_VIEWS || !fewPhotons(countsPerPixel));

const hasSomePhotons = ({ counted, countsPerPixel }: Pick<ScanFacts, "counted" | "countsPerPixel">): boolean =>
  counted && !isBelow(countsPerPixel, FEWEST_COUNTS) && isBelow(countsPerPixel, SOME_COUNTS);

const isBelow = (countsPerPixel: number | null, limit: number): boolean =>
  countsPerPixel !== null && countsPerPixel < limit;
const fewPhotons = (countsPerPixel: number | null): boolean => isBelow(countsPerPixel, FEW_COUNTS);

/** What somebody said of the end, which the words then have instead of what is decided. */
export interface SaidOfEnd {
  readonly epochs?: number;
  readonly patience?: number | null;
}

/** Engine, wrappers and stopping for a scan: a pure function of what is known of it. */
export function decide(facts: ScanFacts, said: SaidOfEnd = {}): Decision {
  const { frames, heldOut, views, countsPerPixel, countsOfStep } = facts;
  const { attempt, because } = chosen(facts);
  const { engine, wrappers, keepsProbe } = attempt;
  const poisson = engine === "lsqml" && (isBelow(countsPerPixel, FEWEST_COUNTS) || gainsByPoisson(facts.tries));
  const epochs = Math.min(EPOCHS.most, Math.max(EPOCHS.least, Math.round(PASSES / frames)));
  const few = views < FEW_VIEWS;
  const told = !few && heldOut >= LEAST_HELD_OUT;
  const patience = Math.max(PATIENCE.least, Math.round(PATIENCE.part * epochs));
  return {
    settings: {
      ...{ engine, wrappers, epochs, patience: told ? patience : null },
      ...(poisson ? { noise: "poisson" as const } : {}),
      ...(keepsProbe ? { probeStart: NEVER } : {}),
      ...(few ? { heldOutFraction: 0 as const } : {}),
    },
    why: [
      `${engine}${poisson ? " with Poisson noise" : ""}: ${because.engine}${poisson || countsOfStep !== 1 ? `; ${photonsText(facts)}` : ""}`,
      `${wrappers.length === 0 ? "no wrappers" : wrappers.join(", ")}${keepsProbe ? ", the probe stays as it is" : ""}: ${because.rest}`,
      endText(
        said.epochs === undefined
          ? `${epochs} epochs for ${frames} patterns`
          : `${counted(said.epochs, "epoch")}, as was said`,
        said.epochs ?? epochs,
        said.patience === undefined ? (told ? patience : null) : said.patience,
        told
          ? null
          : `held-out ones tell little where ${few ? `${seen(views)}, so that none are held out` : `there are ${heldOut}`}`,
      ),
    ],
  };
}

function endText(all: string, epochs: number, patience: number | null, untold: string | null): string {
  if (patience !== null && patience < epochs)
    return `at most ${all}, fewer once held-out patterns are predicted no better for ${patience}`;
  return untold === null ? all : `${all}: ${untold}`;
}

function photonsText({ countsPerPixel, countsOfStep }: ScanFacts): string {
  const photons = `${countsPerPixel?.toPrecision(2)} counts a pixel`;
  return countsOfStep === 1 ? photons : `${photons}, one being ${countsOfStep.toPrecision(4)} of the file's`;
}

const seen = (views: number): string => `${views.toPrecision(2)} windows see a pixel`;

interface Chosen {
  readonly attempt: Attempt;
  /** Of the engine, and of what is beside it. */
  readonly because: { readonly engine: string; readonly rest: string };
}

function chosen(facts: ScanFacts): Chosen {
  const { slices, states, views, countsPerPixel } = facts;
  const rest = "nothing told that they help";
  if (slices > 1)
    return {
      attempt: { engine: "rpie", ...plain },
      because: { engine: `of ${slices} slices it moves each by its own light`, rest },
    };
  if (states > 1)
    return {
      attempt: { engine: "lsqml", ...plain },
      because: { engine: `it tells ${states} states of the object apart soonest`, rest },
    };
  // Under noise rpie, which goes far where there is little light, diverges sooner.
  if (views < FEW_VIEWS && fewPhotons(countsPerPixel))
    return { attempt: { engine: "lsqml", ...plain }, because: { engine: seen(views), rest } };
  return views < FEW_VIEWS ? ofFewWindows(facts) : ofManyWindows(facts);
}

function ofManyWindows({ views, tries }: ScanFacts): Chosen {
  const [whole, one] = [errorOf(tries, "lsqml", 0), errorOf(tries, "rpie", 0)];
  const [wrappers, rest] = wrappersFor(tries);
  const by = (engine: Attempt["engine"], why: string): Chosen => ({
    attempt: { engine, ...plain, wrappers },
    because: { engine: why, rest },
  });
  if (whole === undefined || one === undefined) return by("lsqml", seen(views));
  const wrapped = bestWrapped(tries);
  const [own, other] = [
    `R ${whole.toPrecision(3)} of held-out patterns after a few epochs`,
    `rpie ${one.toPrecision(3)}`,
  ];
  if (!(one < (1 - GAIN) * whole))
    return by(
      "lsqml",
      `${seen(views)}; ${own}, ${other}${one < whole ? `, which is less, but not by ${percent}` : ""}`,
    );
  const withWrappers =
    wrapped === undefined ? "" : `, ${wrapped.error.toPrecision(3)} with ${wrapped.wrappers.join(" + ")}`;
  return wrapped !== undefined && wrapped.error < (1 - GAIN) * one
    ? by("lsqml", `${seen(views)}; ${own}${withWrappers}, and ${other} without`)
    : by(
        "rpie",
        `R ${one.toPrecision(3)} of held-out patterns after a few epochs, lsqml ${whole.toPrecision(3)}${withWrappers}`,
      );
}

/**
 * dm comes farthest from a flat start, so that others must be clearly better. A probe that moves takes the object along where
 * hardly another window sees it: one that is right predicts patterns better when it stays, one that is wrong worse.
 */
function ofFewWindows({ views, tries }: ScanFacts): Chosen {
  const few = `${seen(views)}, too few for batches`;
  if (tries.length === 0)
    return {
      attempt: { engine: "rpie", ...plain },
      because: { engine: few, rest: "nothing told that they help" },
    };
  const able = tries.filter((each, i) => tries.findIndex(({ engine }) => engine === each.engine) === i);
  const settled = able.map(({ engine }) => {
    const [moved, kept] = [false, true].map((keeps) => errorWhere(tries, engine, keeps));
    return { engine, moved, kept, error: Math.min(moved, kept) };
  });
  const best = settled.reduce((a, b) => (b.error < (1 - GAIN_OVER_DM) * a.error ? b : a));
  const R = ({ engine, error }: (typeof settled)[number]): string =>
    `${engine} ${error.toPrecision(3)}${error < best.error ? `, which is less, but not by ${100 * GAIN_OVER_DM} %` : ""}`;
  return {
    attempt: { engine: best.engine, ...plain, keepsProbe: best.kept < (1 - GAIN) * best.moved },
    because: {
      engine: `${few}; R of held-out patterns after some epochs: ${settled.map(R).join(", ")}`,
      rest: `R ${best.kept.toPrecision(3)} with the file's probe as it is, ${best.moved.toPrecision(3)} where it moves`,
    },
  };
}

const errorWhere = (tries: readonly Try[], engine: string, keepsProbe: boolean): number =>
  tries.find((each) => each.engine === engine && each.keepsProbe === keepsProbe)?.error ?? Number.POSITIVE_INFINITY;

/** Of the deviance, which is that of counts: R of amplitudes would always be lower with their own noise. */
function gainsByPoisson(tries: readonly Try[]): boolean {
  const [gaussian, poisson] = [undefined, "poisson"].map((noise) =>
    tries.find((each) => each.engine === "lsqml" && each.wrappers.length === 0 && each.noise === noise),
  );
  return gaussian !== undefined && poisson !== undefined && poisson.deviance < (1 - GAIN) * gaussian.deviance;
}

const bestWrapped = (tries: readonly Try[]): Try | undefined =>
  tries
    .filter(({ wrappers }) => wrappers.length > 0)
    .reduce<Try | undefined>((best, each) => (best !== undefined && best.error <= each.error ? best : each), undefined);

const errorOf = (tries: readonly Try[], engine: string, wrappers: number): number | undefined =>
  tries.find((each) => each.engine === engine && each.wrappers.length === wrappers)?.error;

/** One set after the other, as long as each gains. */
function wrappersFor(tries: readonly Try[]): [readonly string[], string] {
  const sets = tries.filter(({ engine, noise }) => engine === "lsqml" && noise === undefined);
  if (sets.length < 2) return [[], "nothing told that they help"];
  let [best] = sets;
  for (const each of sets) if (each.error < (1 - GAIN) * best.error) best = each;
  const R = (of: Try) => `${of.wrappers.length === 0 ? "none" : of.wrappers.join(" + ")} ${of.error.toPrecision(3)}`;
  return [
    best.wrappers,
    `R of held-out patterns with ${best.engine}: ${sets.map(R).join(", ")}; a set is taken that gains ${percent}`,
  ];
}
