import { type Answered, useAnswer } from "../../parts/useAnswer.ts";
import type { Session } from "../../state/session.ts";

/** The doctor's answer to a scan as it is stated now. `isNew` is false while the last one is of what was stated before. */
export function useExamination(
  open: Session | undefined,
  orientation: boolean,
): Answered<"examine"> & { readonly isNew: boolean } {
  const { path = "", stated = {} } = open ?? {};
  const about = open && JSON.stringify([path, stated, orientation]);
  const answered = useAnswer("examine", { path, stated, orientation }, about);
  return { ...answered, isNew: answered.about === about };
}
