import type { JSX } from "preact";
import type { Frc } from "../../../src/metrics/frc.ts";
import { lengthLabel } from "../../../src/optics/units.ts";
import { Curve } from "../../curves/curve.tsx";

interface FrcCurveProps {
  readonly frc: Frc;
  /** The half-bit resolution in metres. */
  readonly resolutionM: number | null;
}

/** Ring correlation up to Nyquist, with the thresholds of half a bit and of one. */
export function FrcCurve({ frc: { curve, halfBit, flat }, resolutionM }: FrcCurveProps): JSX.Element {
  const length = resolutionM === null ? "" : `, ${lengthLabel(resolutionM)}`;
  const words = flat
    ? "One of the two is flat: the curve says nothing."
    : halfBit === null
      ? "The two agree at no period."
      : `They agree down to a full period of ${halfBit.toFixed(2)} pixels${length}, by the threshold of half a bit.`;
  const least = curve.correlation.reduce((low, value) => Math.min(value, low), 0);
  return (
    <>
      <Curve
        label={`ring correlation. ${words}`}
        x={{
          values: curve.frequency,
          title: "cycles per pixel",
          text: (value) => String(Number(value.toPrecision(3))),
          one: "at",
        }}
        lines={[
          { name: "correlation", values: curve.correlation },
          { name: "half a bit", values: curve.halfBit },
          { name: "one bit", values: curve.oneBit },
        ]}
        range={[least, 1]}
      />
      <p>{words}</p>
    </>
  );
}
