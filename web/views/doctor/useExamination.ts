import { type Answered, useAnswer } from "../../parts/useAnswer.ts";
import type { Session } from "../../state/session.ts";

/** The doctor's answer to a scan as it is stated now. `isNew` is false while there is none yet, or the last one is of what was stated before. */
export function useExamination(
  open: Session | undefined,
  orientation: boolean,
): Answered<"examine"> & { readonly isNew: boolean } {
  const { path = "", stated = {} } = open ?? {};
  const about = open && `${open.serial} ${orientation}`;
  const answered = useAnswer("examine", { path, stated, orientation }, about, open?.path);
  return { ...answered, isNew: answered.about === about };
}
