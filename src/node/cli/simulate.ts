import { camelCase, snakeCase } from "../../config/names.ts";
import { parseSettings } from "../../config/schema.ts";
import { PtychonautError, setting } from "../../errors.ts";
import { type GeometryStatement, geometryQuantities } from "../../optics/geometry.ts";
import { runSimulation, type SimulationRequest } from "../../runs/simulate.ts";
import { scanWriters } from "../../scans/writers/registry.ts";
import type { ModeCoherence } from "../../simulation/diffraction.ts";
import {
  coherenceNames,
  type ObjectName,
  objectNames,
  type ProbeName,
  probeNames,
  type ScanName,
  type SimulationOptions,
  scanNames,
} from "../../simulation/options.ts";
import type { TruthOptions } from "../../simulation/simulateTruth.ts";
import { type Command, type CommandContext, overwriteFlag, reportOutcome } from "./command.ts";
import { problemOf } from "./configEntries.ts";
import { type Flag, type ParsedFlags, requireFlags } from "./flags.ts";

const flag = (
  section: string,
  name: string,
  kind: Flag["kind"],
  description: string,
  more: Partial<Flag> = {},
): Flag => ({
  name,
  kind,
  section,
  description,
  ...more,
});

const ownFlags: readonly Flag[] = [
  flag("Files", "output", "text", "File to write.", { required: true }),
  flag("Files", "outputFormat", "text", "Format of the file; by the ending of its name when left open, else npz.", {
    choices: scanWriters.map(({ name }) => name),
  }),
  overwriteFlag,
  flag("Scan", "n", "integer", "Side of a diffraction pattern.", { aliases: ["N"], default: 64, unit: "pixels" }),
  flag(
    "Files",
    "from",
    "text",
    "Simulate what this file has, a scan or a reconstruction: object, probe with its modes, positions, the beam's intensities and geometry. Its patterns, if any, are not read.",
  ),
  flag(
    "Files",
    "backgroundFile",
    "text",
    "With from: FILE::ARRAY with counts that all patterns have, for the probe's own dose.",
  ),
  flag("Scan", "patterns", "integer", "Number of patterns; with from those nearest the middle, all when left open.", {
    default: 1000,
  }),
  flag("Scan", "scan", "text", "Path of the probe.", { choices: scanNames, default: "fermat" }),
  flag("Scan", "step", "number", "Mean distance between positions; n/16 when left open.", { unit: "object pixels" }),
  flag("Scan", "jitter", "number", "Random displacement as a fraction of the step (raster; 0.15 when left open)."),
  flag("Scan", "positionError", "number", "Error of the stage; the file then has nominal positions too.", {
    default: 0,
    unit: "object pixels",
  }),
  flag(
    "Scan",
    "like",
    "text",
    "Take positions, probe and geometry of this scan, in any format; it needs no patterns. Instead of n, patterns, scan, step, jitter, probe and modes.",
  ),
  flag("Sample and probe", "object", "text", "Test object.", { choices: objectNames.map(snakeCase), default: "lines" }),
  flag("Sample and probe", "smoothing", "number", "Width of a Gaussian that blurs the object.", {
    default: 0,
    unit: "object pixels",
  }),
  flag("Sample and probe", "amplitudeContrast", "number", "Amplitude lost where the object is densest.", {
    default: 0.3,
  }),
  flag("Sample and probe", "phaseContrast", "number", "Phase lag where the object is densest.", {
    default: 1,
    unit: "radians",
  }),
  flag("Sample and probe", "probe", "text", "Illumination.", { choices: probeNames.map(snakeCase), default: "airy" }),
  flag("Sample and probe", "modes", "integer", "Incoherent probe modes.", { default: 1 }),
  flag(
    "Sample and probe",
    "modePowerRatio",
    "number",
    "Power of each further mode over the one before; 0.3 when left open.",
  ),
  flag("Sample and probe", "modeCoherence", "text", "How the modes add: intensities or waves.", {
    choices: coherenceNames,
    default: "incoherent",
  }),
  flag("Detector", "photons", "number", "Mean photons per pattern; with from, those of its probe when left open.", {
    aliases: ["nphotons"],
    default: 1e5,
  }),
  flag(
    "Detector",
    "intensityJitter",
    "number",
    "Relative standard deviation of the beam's intensity between patterns.",
    {
      default: 0,
    },
  ),
  flag("Detector", "noise", "boolean", "Poisson noise.", { default: true }),
  flag("Detector", "beamstop", "number", "Diameter of a beamstop.", { default: 0, unit: "pixels" }),
  flag(
    "Geometry",
    "propagation",
    "text",
    "How the wave reaches the detector; a near field needs all of its geometry.",
    {
      choices: ["far-field", "near-field"],
      default: "far-field",
    },
  ),
  flag("Geometry", "energyKev", "number", "Energy of the photons that the file is to state.", { unit: "keV" }),
  flag("Geometry", "voltageKv", "number", "Voltage of the electrons.", { unit: "kV" }),
  flag("Geometry", "wavelengthM", "number", "Wavelength.", { unit: "metres" }),
  flag("Geometry", "detectorDistanceM", "number", "Distance from sample to detector.", { unit: "metres" }),
  flag("Geometry", "detectorPixelM", "number", "Side of a detector pixel.", { unit: "metres" }),
  flag("Geometry", "objectPixelM", "number", "Side of an object pixel; follows from the others where all are given.", {
    unit: "metres",
  }),
  flag("Geometry", "focusDistanceM", "number", "Of a near field: from the beam's focus to the sample.", {
    unit: "metres",
  }),
  flag("Files", "labels", "boolean", "Also save the true patches, as Y: 8 n² bytes a pattern.", { default: false }),
  flag("General", "seed", "integer", "Fixes object, scan and noise.", { default: 0 }),
];

/** `ptychonaut simulate`: a scan with a known answer. */
export const simulateCommand: Command = {
  usage: "--output SCAN.npz [options]",
  details:
    "The file holds amplitudes, positions, the probe, the dose and, as objectGuess, the true object; `train` and `evaluate --reference` read it as it is.",
  examples: [
    "ptychonaut simulate --output scan.npz --n 64 --patterns 1000 --object dead_leaves --photons 1e5 --seed 3",
    "ptychonaut simulate --output again.npz --from reconstruction.mat --patterns 500 --photons 1e6",
  ],
  flags: ownFlags,
  run: async ({ values }: ParsedFlags, context: CommandContext) => {
    requireFlags(values, ownFlags, "simulate");
    const hooks = context.hooks(values["quiet"] === true);
    const { config, outputFormat, like } = values;
    if (like !== undefined) refuseBesideLike(values);
    const request: SimulationRequest = {
      output: String(values["output"]),
      ...(outputFormat === undefined ? {} : { outputFormat: String(outputFormat) }),
      overwrite: values["overwrite"] === true,
      alsoRead: typeof config === "string" ? [config] : [],
      ...(like === undefined ? {} : { like: String(like) }),
      options: simulationOptions(values),
      ...fromOf(values),
      labels: values["labels"] === true,
    };
    const code = reportOutcome(await runSimulation(request, hooks, context.home), hooks);
    if (code !== 0 || request.from !== undefined) return code;
    const refused = problemOf(() => parseSettings("model", { N: request.options.n }));
    if (refused !== undefined) hooks.warn(`warning: no network takes patterns of this size: ${refused}`);
    return 0;
  },
};

/** What a scan that is taken from a file says itself. */
const saidByLike = ["n", "patterns", "scan", "step", "jitter", "probe", "modes", "modePowerRatio"];

function refuseBesideLike(values: ParsedFlags["values"]): void {
  const said = saidByLike.filter((name) => values[name] !== undefined);
  if (said.length === 0) return;
  throw new PtychonautError("usage", `${setting("like")} says what ${said.map(snakeCase).join(", ")} would`, {
    fix: "leave out one or the other",
  });
}

/** What a file to simulate from says itself. */
const saidByFrom = [
  ...["like", "n", "scan", "step", "jitter", "positionError", "object", "smoothing", "amplitudeContrast"],
  ...["phaseContrast", "probe", "modes", "modePowerRatio", "modeCoherence", "intensityJitter", "propagation"],
  ...geometryQuantities,
];

/** @throws PtychonautError "usage" for what the file says already, and a background without one */
function fromOf(values: ParsedFlags["values"]): Pick<SimulationRequest, "from"> {
  const { from, backgroundFile, patterns, photons, noise, seed, beamstop } = values;
  if (from === undefined) {
    if (backgroundFile === undefined) return {};
    throw new PtychonautError("usage", "background_file has an effect only when from is given");
  }
  const said = saidByFrom.filter((name) => values[name] !== undefined);
  if (said.length > 0)
    throw new PtychonautError("usage", `${setting("from")} says what ${said.map(snakeCase).join(", ")} would`, {
      fix: "leave out one or the other",
    });
  const options: TruthOptions = {
    ...(patterns === undefined ? {} : { patterns: Number(patterns) }),
    ...(photons === undefined ? {} : { photons: Number(photons) }),
    ...(seed === undefined ? {} : { seed: Number(seed) }),
    ...(beamstop === undefined ? {} : { beamstop: Number(beamstop) }),
    noise: noise !== false,
  };
  const reading = backgroundFile === undefined ? {} : { backgroundFile: String(backgroundFile) };
  return { from: { path: String(from), reading, options } };
}

/** What was given, under the names that the simulation has; what was left open stays so. */
export function simulationOptions(values: Readonly<Record<string, unknown>>): SimulationOptions {
  const number = (name: string) => (values[name] === undefined ? {} : { [name]: Number(values[name]) });
  const geometry: GeometryStatement = {
    ...Object.fromEntries(
      geometryQuantities.flatMap((name) => (values[name] === undefined ? [] : [[name, Number(values[name])]])),
    ),
    ...(values["propagation"] === "near-field" ? { propagation: "near-field" } : {}),
  };
  return {
    ...(Object.keys(geometry).length === 0 ? {} : { geometry }),
    ...number("seed"),
    ...number("step"),
    ...number("jitter"),
    ...number("positionError"),
    ...number("smoothing"),
    contrast: {
      amplitude: [1, 1 - Number(values["amplitudeContrast"] ?? 0.3)],
      phase: [0, -Number(values["phaseContrast"] ?? 1)],
    },
    ...number("modes"),
    ...number("modePowerRatio"),
    ...number("photons"),
    ...number("beamstop"),
    ...number("intensityJitter"),
    n: Number(values["n"] ?? 64),
    patterns: Number(values["patterns"] ?? 1000),
    modeCoherence: named<ModeCoherence>("mode_coherence", values["modeCoherence"] ?? "incoherent", coherenceNames),
    noise: values["noise"] !== false,
    object: named<ObjectName>("object", values["object"] ?? "lines", objectNames),
    probe: named<ProbeName>("probe", values["probe"] ?? "airy", probeNames),
    scan: named<ScanName>("scan", values["scan"] ?? "fermat", scanNames),
  };
}

function named<T extends string>(what: string, value: unknown, names: readonly T[]): T {
  const found = names.find((name) => name === camelCase(String(value)));
  if (found !== undefined) return found;
  throw new PtychonautError("usage", `unknown ${what} "${String(value)}"`, {
    expected: `one of ${names.map(snakeCase).join(", ")}`,
  });
}
