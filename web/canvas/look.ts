import { logLimits, robustLimits } from "../../src/pictures/axisScale.ts";
import { type ColormapName, goesAround } from "../../src/pictures/colormap.ts";
import { phaseScale } from "../../src/pictures/objectFigure.ts";
import { magnitudes, type PreparedArray, phases, prepareArray, type ShownArray } from "./shownArray.ts";

/** What is shown of a complex array; a real one has only its value. */
export type Quantity = "amplitude" | "phase" | "complex";

/** How numbers become colours. It outlives the array: the next one is shown the same way. */
export interface Look {
  /** Of complex arrays. "complex": phase as hue, amplitude as brightness. */
  readonly quantity: Quantity;
  /** Of values and amplitudes; phases are linear always. */
  readonly scale: "linear" | "log";
  /**
   * "auto": gray; sequential on a logarithmic scale; of phases cyclic where they go all the way around, else sequential. Of
   * "complex" it is the hues always.
   */
  readonly colormap: "auto" | ColormapName;
  /**
   * Limits by hand, or which part of the values is left out at each end. "auto": half per cent; on a logarithmic scale
   * none, since what is bright there is the pattern.
   */
  readonly limits: "auto" | number | readonly [low: number, high: number];
}

export const defaultLook: Look = { quantity: "amplitude", scale: "linear", colormap: "auto", limits: "auto" };

/** Colour maps to choose from: rising in lightness for amplitudes and values, going around for phases. */
export const colormapsOf = (quantity: Quantity | "value"): readonly ColormapName[] =>
  quantity === "complex"
    ? ["hues"]
    : quantity === "phase"
      ? ["cyclic", "hues", "sequential", "gray"]
      : ["gray", "sequential", "warm"];

/** A look applied to an array. */
export interface Colouring {
  readonly quantity: Quantity | "value";
  readonly log: boolean;
  /** Of complex values: that of their hues. */
  readonly colormap: ColormapName;
  /** Values of the first and the last colour, above 0 on a logarithmic scale. */
  readonly limits: readonly [low: number, high: number];
}

const found = new WeakMap<PreparedArray, Map<string, Colouring>>();

/** Colours for an array, found once a look. */
export function colouringOf(array: PreparedArray, look: Look): Colouring {
  const looks = found.get(array) ?? new Map<string, Colouring>();
  found.set(array, looks);
  const key = JSON.stringify(look);
  const colouring =
    looks.get(key) ?? (array.complex && look.quantity === "phase" ? ofPhases : ofMagnitudes)(array, look);
  looks.set(key, colouring);
  return colouring;
}

function ofPhases(array: PreparedArray, { colormap, limits }: Look): Colouring {
  const common = { quantity: "phase", log: false } as const;
  if (byHand(limits)) return { ...common, colormap: colormap === "auto" ? "sequential" : colormap, limits };
  if (colormap !== "auto" && goesAround(colormap)) return { ...common, colormap, limits: [-Math.PI, Math.PI] };
  const [values, shown] = counting(array, phases);
  const leftOut = limits === "auto" ? undefined : limits;
  if (colormap === "auto") return { ...common, ...phaseScale(values, shown, leftOut) };
  return { ...common, colormap, limits: robustLimits(values, shown, leftOut) };
}

function ofMagnitudes(array: PreparedArray, { quantity, scale, colormap, limits }: Look): Colouring {
  const log = scale === "log";
  const common = {
    quantity: array.complex ? quantity : "value",
    log,
    colormap:
      array.complex && quantity === "complex" ? "hues" : colormap === "auto" ? (log ? "sequential" : "gray") : colormap,
  } as const;
  if (byHand(limits)) {
    const [low, high] = limits;
    // A logarithmic scale cannot begin at 0.
    return { ...common, limits: log && low <= 0 ? [logLimits(high)[0], high] : limits };
  }
  const leftOut = limits !== "auto" ? limits : log ? 0 : undefined;
  const [low, high] = robustLimits(...counting(array, magnitudes), leftOut);
  if (log) return { ...common, limits: logLimits(Math.max(0, high)) };
  return { ...common, limits: common.quantity === "complex" ? [0, high] : [low, high] };
}

const byHand = (limits: Look["limits"]): limits is readonly [number, number] => typeof limits === "object";

/** Values that limits are found from, with those of the array beside, and where they count. */
function counting(
  array: PreparedArray,
  valuesOf: (array: ShownArray) => Float32Array,
): [values: Float32Array, shown: Uint8Array | undefined] {
  if (array.beside === undefined) return [valuesOf(array), shownOf(array)];
  const both = [array, prepareArray(array.beside)];
  const shown = both.map((each) => shownOf(each) ?? new Uint8Array(each.height * each.width).fill(1));
  return [joined(both.map(valuesOf), Float32Array), joined(shown, Uint8Array)];
}

function joined<T extends Float32Array | Uint8Array>(parts: readonly T[], Kind: new (length: number) => T): T {
  const all = new Kind(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** 1 where a value counts. */
function shownOf({ whole, state }: PreparedArray): Uint8Array | undefined {
  return whole ? undefined : state.map((value) => (value === 0 ? 1 : 0));
}

/** Where between the limits a value lies, 0 to 1 inside. */
export function placeBetween({ limits: [low, high], log }: Colouring, value: number): number {
  if (!log) return (value - low) / (high - low);
  return value > 0 ? Math.log(value / low) / Math.log(high / low) : 0;
}
