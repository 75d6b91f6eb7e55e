import { PtychonautError } from "../errors.ts";
import { type DoctorPicture, doctorFigure } from "../pictures/doctorFigure.ts";
import { PICTURE_FORMATS, type PictureFormat } from "../pictures/pictureWriter.ts";
import type { DoctorRow } from "../scans/doctor/row.ts";
import { meanCounts } from "../scans/doctor/sample.ts";
import type { Subject } from "../scans/doctor/subject.ts";
import { trustedPixels } from "../scans/doctor/validPixels.ts";
import type { Home } from "./machine.ts";
import { claimOutputFile, type OutputFile, type OutputFileOptions } from "./outputFile.ts";

/** A file for a picture of what the doctor found. */
export interface PictureFile {
  write(subject: Subject, rows: readonly DoctorRow[]): Promise<void>;
}

/**
 * Looks whether the picture can be written, before anything is measured.
 * @throws PtychonautError "usage" for a name with another ending, a file that is there, or where there are no pictures
 */
export async function claimPicture(path: string, options: OutputFileOptions, home: Home): Promise<PictureFile> {
  const { machine, store } = home;
  const format = PICTURE_FORMATS.find((ending) => path.toLowerCase().endsWith(`.${ending}`));
  if (format === undefined || machine.pictures === undefined)
    throw new PtychonautError("usage", "the picture's name does not say its format", {
      where: path,
      expected: `a name that ends with ${PICTURE_FORMATS.map((ending) => `.${ending}`).join(", ")}`,
    });
  const file = await claimOutputFile(path, options, store);
  return { write: (subject, rows) => draw(file, format, subject, rows, home) };
}

async function draw(
  file: OutputFile,
  format: PictureFormat,
  subject: Subject,
  rows: readonly DoctorRow[],
  { machine }: Home,
): Promise<void> {
  const sheet = doctorFigure(pictureOf(subject, rows));
  const bytes = await machine.pictures?.write(sheet, format);
  if (bytes !== undefined) await file.write(bytes);
}

const listed = (rows: readonly DoctorRow[], quantity: string): readonly number[] => {
  const value = rows.find((row) => row.quantity === quantity)?.value;
  return Array.isArray(value) ? (value as readonly number[]) : [];
};

export function pictureOf(subject: Subject, rows: readonly DoctorRow[]): DoctorPicture {
  const { sample, facts, kind } = subject;
  const centre = listed(rows, "beam centre");
  const counts = kind === "counts" ? facts.frames?.sums : facts.frames?.energies;
  const outlying = ["outlying frames", "empty frames", "frames with bad numbers", "outlying positions"].flatMap(
    (quantity) => listed(rows, quantity),
  );
  return {
    ...(sample === undefined
      ? {}
      : {
          patterns: {
            mean: meanCounts(sample, kind, 0, sample.frames.length),
            height: sample.height,
            width: sample.width,
            trusted: trustedPixels(subject),
            ...(centre.length === 2 ? { centre: [centre[0], centre[1]] as const } : {}),
          },
        }),
    ...(counts === undefined ? {} : { counts }),
    ...(facts.positions === undefined ? {} : { positions: facts.positions }),
    outlying: [...new Set(outlying)].sort((a, b) => a - b),
  };
}
