import { PtychonautError } from "../../errors.ts";
import type { ScanParts } from "../parts.ts";
import { optionAdvice, type ScanOptions } from "../scanOptions.ts";
import { type ProbeModel, type ProbeParameter, probeModels, probeParameters } from "./probeOptions.ts";

interface ModelParameters {
  readonly needs: readonly ProbeParameter[];
  readonly takes: readonly ProbeParameter[];
}

const lens: ModelParameters = {
  needs: ["semiAngleMrad"],
  takes: ["apertureShape", "defocusM", "sphericalM"],
};
const pinhole: ModelParameters = {
  needs: ["apertureM"],
  takes: ["apertureWidthM", "apertureShape", "defocusM"],
};
const others: Readonly<Record<Exclude<ProbeModel, "aperture">, ModelParameters>> = {
  zone_plate: { needs: ["outermostZoneM"], takes: ["zonePlateDiameterM", "centralStopM", "defocusM"] },
  gaussian: { needs: ["probeFwhmM"], takes: ["defocusM"] },
  mean: { needs: [], takes: ["defocusM"] },
};

/** Of a probe that is read, which a built one has no use for. */
const reading = ["probeKey", "probeFile", "probeAt"] as const satisfies readonly (keyof ScanOptions)[];

/**
 * Refuses what contradicts itself: parameters without a model, or of another one, or a probe that is read and built.
 * @throws PtychonautError "usage"
 */
export function checkProbeOptions(options: ScanOptions, where: string): void {
  const { probeModel } = options;
  const said = probeParameters.filter((name) => options[name] !== undefined);
  const refuse = (what: string, names: readonly (keyof ScanOptions)[], fix: string): never => {
    throw new PtychonautError("usage", what, {
      where,
      got: names.map((name) => optionAdvice(name, String(options[name]))).join(", "),
      fix,
    });
  };
  if (probeModel === undefined) {
    if (said.length > 0)
      refuse(
        "these belong to a probe that is built",
        said,
        `say which: ${optionAdvice("probeModel", probeModels.join("|"))}`,
      );
    return;
  }
  const read = reading.filter((name) => options[name] !== undefined);
  if (read.length > 0)
    refuse("the probe is read and built", [...read, "probeModel"], `leave one out, say ${optionAdvice("probeModel")}`);
  const { needs, takes } = parametersOf(options, where);
  const strange = said.filter((name) => !needs.includes(name) && !takes.includes(name));
  if (strange.length > 0)
    refuse(`a probe of model ${probeModel} does not have these`, strange, "leave them out, or name another model");
  const missing = needs.filter((name) => options[name] === undefined);
  if (missing.length > 0)
    throw new PtychonautError("usage", `a probe of model ${probeModel} needs more`, {
      where,
      fix: `say ${missing.map((name) => optionAdvice(name)).join(", ")}`,
    });
  const { apertureWidthM, apertureShape = "round", centralStopM, zonePlateDiameterM } = options;
  if (apertureWidthM !== undefined && apertureShape === "round")
    refuse(
      "a round aperture has no width of its own",
      ["apertureWidthM"],
      `say ${optionAdvice("apertureShape", "rectangular")}`,
    );
  if (centralStopM !== undefined && zonePlateDiameterM === undefined)
    refuse(
      "a stop needs the diameter of its zone plate",
      ["centralStopM"],
      `say ${optionAdvice("zonePlateDiameterM")}`,
    );
}

function parametersOf({ probeModel, semiAngleMrad, apertureM }: ScanOptions, where: string): ModelParameters {
  if (probeModel !== "aperture") return others[probeModel ?? "mean"];
  if (semiAngleMrad !== undefined && apertureM === undefined) return lens;
  if (apertureM !== undefined && semiAngleMrad === undefined) return pinhole;
  throw new PtychonautError("usage", "an aperture is that of a lens or a pinhole", {
    where,
    expected: `one of ${optionAdvice("semiAngleMrad")} and ${optionAdvice("apertureM")}`,
    got: semiAngleMrad === undefined ? "neither" : "both",
  });
}

/**
 * Parts whose `says` describe the probe that is to be built: as options say, completed by what the file tells of its optics;
 * or as the file tells, where no probe is read.
 * @throws PtychonautError "usage" as `checkProbeOptions`
 */
export function withOptics(parts: ScanParts, options: ScanOptions, where: string): ScanParts {
  const { optics = {}, probe, says } = parts;
  const read = probe !== undefined || reading.some((name) => options[name] !== undefined);
  const probeModel = options.probeModel ?? (read ? undefined : optics.probeModel);
  if (probeModel === undefined) {
    checkProbeOptions(options, where);
    return parts;
  }
  const aperture = options.apertureM === undefined ? lens : pinhole;
  const { needs, takes } = probeModel === "aperture" ? aperture : others[probeModel];
  const told = [...needs, ...takes].filter((name) => optics[name] !== undefined && options[name] === undefined);
  const completed = { probeModel, ...Object.fromEntries(told.map((name) => [name, optics[name]])) };
  checkProbeOptions({ ...completed, ...options }, where);
  return { ...parts, says: { ...says, ...completed } };
}
