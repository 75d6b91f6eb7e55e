import { PtychonautError } from "../../errors.ts";
import type { ComparisonOptions } from "../../runs/evaluate.ts";
import { display, type Flag } from "./flags.ts";

const section = "Comparison";
const compat = "Variants of the reference system (compat)";

/** Flags of `evaluate` and `compare`: how two objects are laid on each other and measured. */
export const comparisonFlags: readonly Flag[] = [
  {
    name: "coverage",
    kind: "number",
    section,
    description: "Compare pixels whose coverage is above this fraction of its median.",
    default: 0.1,
  },
  {
    name: "register",
    kind: "boolean",
    section,
    description: "Find and remove a shift that is left between the two.",
    default: true,
  },
  { name: "maxShift", kind: "number", section, description: "Largest such shift.", default: 10, unit: "pixels" },
  {
    name: "locate",
    kind: "boolean",
    section,
    description: "Look for the place everywhere, whatever the files say; always so for files that say nothing.",
    default: false,
  },
  { name: "ramp", kind: "boolean", section, description: "Fit and remove a phase ramp.", default: true },
  { name: "scale", kind: "boolean", section, description: "Fit and remove an amplitude scale.", default: true },
  {
    name: "taper",
    kind: "number",
    section,
    description: "Fade images out over this many pixels at each border before the FRC; an eighth of the side.",
    unit: "pixels",
  },
  {
    name: "phaseAlignMethod",
    kind: "text",
    choices: ["plane", "mean"],
    section: compat,
    description: "What is taken from each phase image.",
    default: "plane",
  },
  {
    name: "frcSigma",
    kind: "number",
    section: compat,
    description: "Gaussian smoothing of the ring correlation.",
    default: 0,
    unit: "rings",
  },
  {
    name: "msSsimSigma",
    kind: "number",
    section: compat,
    description: "Gaussian smoothing of the amplitudes before MS-SSIM.",
    default: 1,
    unit: "pixels",
  },
];

/** `--conjugate` and `--twin`, with this default. */
export const orientationFlags = (byDefault: boolean): readonly Flag[] => [
  {
    name: "conjugate",
    kind: "boolean",
    section,
    description: "Also try the complex conjugate.",
    default: byDefault,
  },
  {
    name: "twin",
    kind: "boolean",
    section,
    description: "Also try the twin, the conjugate turned by 180°.",
    default: byDefault,
  },
];

type Values = Readonly<Record<string, unknown>>;

/**
 * The options that the flags mean.
 * @throws PtychonautError "usage" for numbers out of range
 */
export function comparisonOptions(values: Values, tryOrientations: boolean): ComparisonOptions {
  const taper = values["taper"] === undefined ? {} : { taper: number(values, "taper", 0) };
  const tried = (name: string): boolean => (values[name] ?? tryOrientations) === true;
  return {
    coverage: number(values, "coverage", 0.1, 1),
    register: values["register"] !== false,
    maxShift: number(values, "maxShift", 10),
    locate: values["locate"] === true,
    twin: tried("twin"),
    ...taper,
    gauge: {
      ramp: values["ramp"] !== false,
      scale: values["scale"] !== false,
      conjugate: tried("conjugate"),
    },
    compat: {
      phase: (values["phaseAlignMethod"] ?? "plane") as "plane" | "mean",
      frcSigma: number(values, "frcSigma", 0),
      msSsimSigma: number(values, "msSsimSigma", 1),
    },
  };
}

function number(values: Values, name: string, byDefault: number, below: number = Number.POSITIVE_INFINITY): number {
  const value = Number(values[name] ?? byDefault);
  if (value >= 0 && value < below) return value;
  throw new PtychonautError("usage", `wrong value for ${display(name)}`, {
    expected: below === Number.POSITIVE_INFINITY ? "0 or more" : `from 0 to below ${below}`,
    got: `${value}`,
  });
}
