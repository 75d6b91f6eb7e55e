import type { JSX } from "preact";
import type { Examination } from "../../../src/scans/doctor/examine.ts";
import { type DoctorRow, settingsOf } from "../../../src/scans/doctor/row.ts";
import type { ScanOptions } from "../../../src/scans/scanOptions.ts";
import { Words } from "../../parts/words.tsx";
import { addressOf } from "../../state/route.ts";
import { session, stateScan } from "../../state/session.ts";
import { choicesIn } from "./choices.ts";

const states = { trouble: "look at it", say: "to be said", open: "cannot be told", fine: "fine" } as const;
const asking = ["trouble", "say", "open"] as const;

interface FindingsProps {
  readonly examination: Examination;
  /** Only what somebody has to do something about. Default false. */
  readonly short?: true;
}

/** The doctor's table: what asks for something first. What is found can be said of the file by a button. */
export function Findings({ examination: { rows, sample }, short }: FindingsProps): JSX.Element {
  const ask = asking.flatMap((state) => rows.filter((row) => row.state === state));
  const fine = short ? [] : rows.filter(({ state }) => state === "fine");
  return (
    <>
      {sample === undefined || sample.frames === sample.of ? null : (
        <p class="soft small">{`Pixel by pixel of ${sample.frames} of ${sample.of} patterns.`}</p>
      )}
      {ask.length === 0 ? <p>Nothing asks for anything.</p> : <List rows={ask} />}
      {fine.length === 0 ? null : (
        <details open={ask.length === 0}>
          <summary>{`${fine.length} that are fine`}</summary>
          <List rows={fine} />
        </details>
      )}
    </>
  );
}

const List = ({ rows }: { readonly rows: readonly DoctorRow[] }): JSX.Element => (
  <ul class="findings">
    {rows.map((row) => (
      <Finding key={`${row.quantity} ${row.found}`} row={row} />
    ))}
  </ul>
);

function Finding({ row }: { readonly row: DoctorRow }): JSX.Element {
  const { quantity, found, evidence, sure, state, says, advice = "" } = row;
  const offers = [...(says === undefined ? [] : [says]), ...choicesIn(advice)];
  return (
    <li class={`finding ${state}`}>
      <p class="row">
        <strong>{quantity}</strong>
        <span class="mark">{states[state]}</span>
        {state === "open" ? null : <span class="soft small">{sure}</span>}
      </p>
      <p>{found}</p>
      <p class="soft small">
        <Words text={evidence} />
      </p>
      {advice === "" ? null : (
        <p class="small">
          <Words text={advice} />
        </p>
      )}
      <Frames row={row} />
      {offers.length === 0 ? null : (
        <p class="row">
          {offers.map((offer) => (
            <Apply key={JSON.stringify(offer)} quantity={quantity} says={offer} />
          ))}
        </p>
      )}
    </li>
  );
}

/** Says an option of the scan that is open. */
export function Apply({ quantity, says }: { readonly quantity: string; readonly says: ScanOptions }): JSX.Element {
  const text = settingsOf(says)
    .map((line) => line.replaceAll("`", ""))
    .join(" ");
  return (
    <button type="button" aria-label={`Apply ${text} (${quantity})`} onClick={() => void stateScan(says)}>
      Apply <code>{text}</code>
    </button>
  );
}

const ofFrames: ReadonlySet<string> = new Set(["outlying frames", "empty frames", "frames with bad numbers"]);
/** Links are to the first of many. */
const LINKS = 8;

/** Patterns that a finding is about, to be looked at. */
function Frames({ row: { quantity, value } }: { readonly row: DoctorRow }): JSX.Element | null {
  if (!ofFrames.has(quantity) || typeof value !== "object" || session.value?.facts === undefined) return null;
  return (
    <p class="row small">
      {value.slice(0, LINKS).map((frame) => (
        <a key={frame} href={addressOf("patterns", { frame: String(frame), of: undefined })}>
          {`pattern ${frame}`}
        </a>
      ))}
      {value.length > LINKS ? <span class="soft">{`and ${value.length - LINKS} more`}</span> : null}
    </p>
  );
}
