import type { JSX } from "preact";
import { lengthLabel } from "../../src/optics/units.ts";
import type { Profile } from "../canvas/profile.ts";
import type { ShownArray } from "../canvas/shownArray.ts";
import { numberText } from "../canvas/words.ts";
import { Curve } from "./curve.tsx";

interface ProfileCurvesProps {
  readonly array: ShownArray;
  readonly profile: Profile;
}

/** The numbers along a line: values, or amplitude and phase one above the other. */
export function ProfileCurves({ array, profile }: ProfileCurvesProps): JSX.Element {
  const { readings } = profile;
  const part = (name: string, values: readonly (number | undefined)[], scale?: "linear"): JSX.Element => (
    <ProfileCurve
      key={name}
      {...{ name, profile }}
      values={values.map((value) => value ?? Number.NaN)}
      {...(scale && { scale })}
    />
  );
  return (
    <div class="profile">
      {array.complex ? (
        <>
          {part(
            array.unit === undefined ? "amplitude" : `amplitude, ${array.unit}`,
            readings.map(({ amplitude }) => amplitude),
            "linear",
          )}
          {part(
            "phase, rad",
            readings.map(({ phase }) => phase),
          )}
        </>
      ) : (
        part(
          array.unit ?? "value",
          readings.map(({ value }) => value),
          "linear",
        )
      )}
    </div>
  );
}

interface ProfileCurveProps {
  readonly name: string;
  readonly values: readonly number[];
  readonly profile: Profile;
  readonly scale?: "linear";
}

function ProfileCurve({
  name,
  values,
  profile: { distance, inMetres, from, to },
  scale,
}: ProfileCurveProps): JSX.Element {
  const text = (value: number): string =>
    value === 0 ? "0" : inMetres ? lengthLabel(value, 4) : `${numberText(value)} px`;
  return (
    <Curve
      label={`profile of ${name} from row ${from[0]}, column ${from[1]} to row ${to[0]}, column ${to[1]}, ${text(distance.at(-1) ?? 0)}`}
      x={{ values: distance, title: "along the line", text, one: "at" }}
      lines={[{ name, values }]}
      {...(scale && { scale })}
    />
  );
}
