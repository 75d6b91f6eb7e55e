import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { PtychonautError } from "../../src/errors.ts";
import { Samples } from "../parts/samples.tsx";
import { Trouble } from "../parts/trouble.tsx";
import { droppedTrouble, takeFiles } from "../state/dropped.ts";
import { addressOf } from "../state/route.ts";
import { openSample } from "../state/sample.ts";
import { usualSample } from "../state/sampleChoice.ts";
import { about, opening, openingTrouble, type Session, session } from "../state/session.ts";
import { Findings } from "./doctor/findings.tsx";
import { useExamination } from "./doctor/useExamination.ts";
import { ByAddress } from "./open/byAddress.tsx";
import { ScanTable } from "./open/scanTable.tsx";

/** Files in, by drop or by choice, and what the page made of them. */
export function Open(): JSX.Element {
  const open = session.value;
  return (
    <>
      <h1>Open a scan</h1>
      <Drop />
      <ByAddress />
      <TrySample />
      <Samples />
      {openingTrouble.value === undefined ? null : <Trouble error={openingTrouble.value} />}
      {droppedTrouble.value === undefined ? null : <Trouble error={droppedTrouble.value} />}
      {open?.refusal === undefined ? null : <Refused open={open} refusal={open.refusal} />}
      {open?.facts === undefined ? null : (
        <div class="panel">
          <h2>{open.facts.name}</h2>
          <ScanTable facts={open.facts} />
          <p class="row">
            <a class="button" href={addressOf("patterns")}>
              Look at the patterns
            </a>
            <a class="button" href={addressOf("positions")}>
              Positions and probe
            </a>
            <a class="button" href={addressOf("doctor")}>
              Have the doctor look
            </a>
            <a class="button" href={addressOf("reconstruct")}>
              Reconstruct
            </a>
          </p>
        </div>
      )}
      <Where />
    </>
  );
}

/** For those who have no file at hand. */
function TrySample(): JSX.Element {
  return (
    <p class="row">
      <span class="soft">No scan at hand?</span>
      <button type="button" disabled={opening.value !== undefined} onClick={() => void openSample(usualSample)}>
        Try a sample
      </button>
      <a href={addressOf("sample")}>Choose what it is like</a>
    </p>
  );
}

/** A scan that cannot be read as it is, with what the doctor says of it. */
function Refused({ open, refusal }: { readonly open: Session; readonly refusal: PtychonautError }): JSX.Element {
  const { answer, error } = useExamination(open, false);
  return (
    <>
      <Trouble error={refusal} />
      {error === undefined || error.what === refusal.what ? null : <Trouble error={error} />}
      {answer === undefined ? null : (
        <div class="panel fields">
          <h2>What the doctor says of it</h2>
          <Findings examination={answer} short />
          <p>
            <a href={addressOf("doctor")}>All that it found</a>
          </p>
        </div>
      )}
    </>
  );
}

function Drop(): JSX.Element {
  const [over, setOver] = useState(false);
  const take = (files: FileList | null | undefined): void => void takeFiles([...(files ?? [])]);
  return (
    <section
      class={over ? "drop over" : "drop"}
      aria-label="Files"
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        take(event.dataTransfer?.files);
      }}
    >
      <p>
        <strong>{opening.value === undefined ? "Drop a scan here" : `Opening ${opening.value}`}</strong>
      </p>
      <p class="soft">
        CXI, NeXus, ptyd and other HDF5, NPZ, MATLAB, TIFF, MIB, EMPAD, DM; with the files that belong to it
      </p>
      <p class="soft">or what a run has left: run.json runs again, a reconstruction is shown, a model.zip infers</p>
      <label class="button">
        Choose files
        <input
          class="hidden"
          type="file"
          multiple
          onChange={(event) => {
            take(event.currentTarget.files);
            // Else the same file, mended, would be no change.
            event.currentTarget.value = "";
          }}
        />
      </label>
      <p class="soft small">Files are read where they are, and never leave this computer.</p>
    </section>
  );
}

/** What computes here and what is kept, said once. */
function Where(): JSX.Element | null {
  const here = about.value;
  if (here === undefined) return null;
  return (
    <div class="panel">
      <h2>This page</h2>
      <table>
        <tbody>
          <tr>
            <th scope="row">computes with</th>
            <td>
              {here.engines}
              {here.oneThread === undefined ? null : `; ${here.oneThread}`}
            </td>
          </tr>
          <tr>
            <th scope="row">keeps runs</th>
            <td>
              {here.store.kind === "opfs"
                ? `in this browser's private files${here.room === undefined ? "" : `, with room for ${(here.room / 1e9).toFixed(1)} GB`}`
                : `until it is closed (${here.store.why})`}
            </td>
          </tr>
        </tbody>
      </table>
    </div>
  );
}
