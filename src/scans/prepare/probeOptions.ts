/** A probe that is built, lengths in metres. See `builtProbe`. */
export interface ProbeOptions {
  /**
   * `zone_plate`: a lens of zones, in first order. `aperture`: that of a lens, with `semiAngleMrad`, or a pinhole, with
   * `apertureM`. `gaussian`: a beam of that shape. `mean`: the root of the mean pattern.
   */
  readonly probeModel?: ProbeModel;
  /** Width of a zone plate's outermost zone. */
  readonly outermostZoneM?: number;
  readonly zonePlateDiameterM?: number;
  /** Diameter of the stop before its middle. */
  readonly centralStopM?: number;
  /** Half the angle of a lens's cone, milliradians. */
  readonly semiAngleMrad?: number;
  /** Diameter of a pinhole, or height of a rectangular one. */
  readonly apertureM?: number;
  /** Width of a rectangular pinhole. Default: its height. */
  readonly apertureWidthM?: number;
  /** Default `round`. */
  readonly apertureShape?: "round" | "rectangular";
  /** Full width at half maximum of a Gaussian beam's intensity in its focus. */
  readonly probeFwhmM?: number;
  /** From focus (or pinhole) to sample, positive downstream: C1 of an electron lens, overfocus. Default 0. */
  readonly defocusM?: number;
  /** Spherical aberration C3 of an electron lens. Default 0. */
  readonly sphericalM?: number;
}

export type ProbeModel = "zone_plate" | "aperture" | "gaussian" | "mean";

export const probeModels: readonly [ProbeModel, ...ProbeModel[]] = ["zone_plate", "aperture", "gaussian", "mean"];

export type ProbeParameter = Exclude<keyof ProbeOptions, "probeModel">;

export const probeParameters: readonly ProbeParameter[] = [
  "outermostZoneM",
  "zonePlateDiameterM",
  "centralStopM",
  "semiAngleMrad",
  "apertureM",
  "apertureWidthM",
  "apertureShape",
  "probeFwhmM",
  "defocusM",
  "sphericalM",
];
