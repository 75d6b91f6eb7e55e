import { type DoctorPicture, doctorFigure } from "../../../src/pictures/doctorFigure.ts";
import { sheetToSvg } from "../../../src/pictures/svg.ts";
import { runDoctor } from "../../../src/runs/doctor.ts";
import { pictureOf } from "../../../src/runs/doctorPicture.ts";
import { runInspection } from "../../../src/runs/inspect.ts";
import type { Answer, DoctorFigures } from "../protocol.ts";
import type { Answers } from "./answer.ts";
import { barTold } from "./hooks.ts";

export const inspect: Answers<"inspect"> = ({ path, stated }, { home }) => runInspection(path, stated, home);

export const examine: Answers<"examine"> = async ({ path, stated, orientation }, { home }, { signal, tell }) => {
  let picture: Answer<"examine">["picture"];
  const examination = await runDoctor(
    path,
    stated,
    home,
    orientation ? { signal, progress: barTold(tell) } : undefined,
    {
      async write(subject, rows) {
        picture = structuredClone(pictureOf(subject, rows));
      },
    },
  );
  return { ...examination, ...(picture === undefined ? {} : { picture, figures: figuresOf(picture) }) };
};

/** The library's own figures: where the scan went, and how bright each frame is, with those that do not go with the others. */
function figuresOf({ positions, counts, outlying }: DoctorPicture): DoctorFigures {
  const drawn = (part: Omit<DoctorPicture, "outlying">): string => sheetToSvg(doctorFigure({ ...part, outlying }));
  return {
    ...(positions === undefined || positions.length < 4 ? {} : { path: drawn({ positions }) }),
    ...(counts === undefined || counts.length < 2 ? {} : { counts: drawn({ counts }) }),
  };
}
