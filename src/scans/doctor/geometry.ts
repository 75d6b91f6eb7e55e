import { lengthLabel, objectPixelSize } from "../../optics/units.ts";
import { type DoctorRow, openRow } from "./row.ts";
import type { Subject } from "./subject.ts";

/** Whether wavelength, distance, detector pixel and object pixel are known and agree. */
export function geometry({ inspection }: Subject): readonly DoctorRow[] {
  const { geometry: known, patterns, findings } = inspection;
  if (known === undefined) {
    const why = findings.find(({ what }) => /contradict|stated twice|no object has pixels/.test(what));
    return [
      {
        quantity: "geometry",
        found: why?.what ?? "cannot be read",
        evidence: why?.evidence ?? "see inspect",
        sure: "sure",
        state: "trouble",
      },
    ];
  }
  const { wavelengthM, detectorDistanceM, detectorPixelM, objectPixelM, propagation, missing } = known;
  if (objectPixelM === undefined)
    return [
      {
        ...openRow(
          "object pixel",
          `it takes ${missing.join(", ")}; without it lengths are in pixels, and nothing else changes`,
        ),
        found: "not known",
        state: "fine",
      },
    ];
  const side = patterns?.height === patterns?.width ? patterns?.height : undefined;
  const derived =
    propagation !== "far-field" ||
    wavelengthM === undefined ||
    detectorDistanceM === undefined ||
    detectorPixelM === undefined ||
    side === undefined
      ? undefined
      : objectPixelSize({
          wavelength: wavelengthM,
          distance: detectorDistanceM,
          detectorPixel: detectorPixelM,
          pixels: side,
        });
  return [
    {
      quantity: "object pixel",
      found: lengthLabel(objectPixelM, 4),
      value: objectPixelM,
      evidence:
        derived === undefined
          ? "as stated; what it would follow from is not all known, so it is not checked"
          : `λ z / (N p) = ${lengthLabel(derived, 4)}`,
      sure: derived === undefined ? "likely" : "sure",
      state: "fine",
    },
  ];
}
