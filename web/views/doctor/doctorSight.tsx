import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { DoctorPicture } from "../../../src/pictures/doctorFigure.ts";
import type { Markers } from "../../canvas/arrayCanvas.ts";
import { ArrayView } from "../../canvas/arrayView.tsx";
import type { ShownArray } from "../../canvas/shownArray.ts";

/** The mean pattern as the doctor sees it: pixels that are not to be trusted are hatched, the centre that it found is marked. */
export function DoctorSight({ picture }: { readonly picture: DoctorPicture | undefined }): JSX.Element {
  const patterns = picture?.patterns;
  const array = useMemo(() => patterns && meanPattern(patterns), [patterns]);
  const markers = useMemo(() => patterns?.centre && centreMark(patterns.centre), [patterns]);
  return (
    <>
      <ArrayView array={array} markers={markers} state={{ look: { scale: "log" } }} />
      <p class="soft small">
        {patterns?.centre === undefined
          ? "Pixels that are not to be trusted are hatched."
          : `The centre was found at row ${patterns.centre[0].toFixed(2)}, column ${patterns.centre[1].toFixed(2)}. Pixels that are not to be trusted are hatched.`}
      </p>
    </>
  );
}

const meanPattern = ({ mean, height, width, trusted }: NonNullable<DoctorPicture["patterns"]>): ShownArray => ({
  ...{ shape: [height, width], data: Float32Array.from(mean), complex: false },
  ...{ name: "mean pattern", unit: "counts", mask: trusted },
});

const centreMark = ([y, x]: readonly [number, number]): Markers => ({
  ...{ places: Float64Array.of(y, x), current: 0, window: [6, 6] },
});
