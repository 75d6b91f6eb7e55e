import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Trouble } from "../parts/trouble.tsx";
import { addressOf } from "../state/route.ts";
import { session } from "../state/session.ts";
import { DoctorSight } from "./doctor/doctorSight.tsx";
import { Drawn } from "./doctor/drawn.tsx";
import { Findings } from "./doctor/findings.tsx";
import { Stated } from "./doctor/stated.tsx";
import { useExamination } from "./doctor/useExamination.ts";

/** What the doctor measures of the scan, what follows from it, and what was said of it; also of one that is refused. */
export function Doctor(): JSX.Element {
  const open = session.value;
  const [orientation, setOrientation] = useState<string>();
  const { answer, error, progress, isNew } = useExamination(open, orientation === open?.path);
  if (open === undefined)
    return (
      <>
        <h1>Doctor</h1>
        <p>
          The doctor measures what a file does not say. <a href={addressOf("open")}>Open a scan</a> first.
        </p>
      </>
    );
  return (
    <>
      <h1>Doctor</h1>
      {open.refusal === undefined ? null : <Trouble error={open.refusal} />}
      {error === undefined || error.what === open.refusal?.what ? null : <Trouble error={error} />}
      <div class="beside wide-side">
        <div class="panel" aria-busy={!isNew}>
          <h2>{isNew ? "What was found" : "Looking at the scan"}</h2>
          {answer === undefined ? null : <Findings examination={answer} />}
        </div>
        <div class="fields">
          <div class="panel fields">
            <h2>Said of the file</h2>
            <Stated stated={open.stated} />
          </div>
          <div class="panel fields">
            <h2>Mean pattern</h2>
            <DoctorSight picture={answer?.picture} />
          </div>
          <div class="panel fields">
            <h2>How the detector lies</h2>
            <p class="soft small">Trial reconstructions tell it; they take from seconds to minutes.</p>
            <p>
              <button type="button" disabled={orientation === open.path} onClick={() => setOrientation(open.path)}>
                Measure the orientation
              </button>
            </p>
            <progress
              class={progress === undefined || orientation !== open.path ? "away" : ""}
              aria-label="Orientation"
              value={progress === undefined || orientation !== open.path ? 0 : progress.done / progress.total}
            />
          </div>
          <Drawn title="Counts of each frame" svg={answer?.figures?.counts} outlying={answer?.picture?.outlying} />
          <Drawn title="Where the scan went" svg={answer?.figures?.path} outlying={answer?.picture?.outlying} />
        </div>
      </div>
    </>
  );
}
