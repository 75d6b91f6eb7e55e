import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Trouble } from "../../parts/trouble.tsx";
import { useAnswer } from "../../parts/useAnswer.ts";
import { liveRuns, storedRuns } from "../../state/runs.ts";
import { asError, forgetScan } from "../../state/session.ts";
import type { Answer, KeptScan } from "../../worker/protocol.ts";

/** Scans and models that the browser keeps for runs, what they take of its room, and a way to delete each. */
export function KeptScans(): JSX.Element | null {
  const [turn, setTurn] = useState(0);
  const [error, setError] = useState<unknown>(undefined);
  const { answer, error: unknown } = useAnswer("kept", undefined, `${turn} ${standing()}`);
  const forget = async (path: string): Promise<void> => {
    setError(undefined);
    await forgetScan(path).catch(setError);
    setTurn(turn + 1);
  };
  const trouble = error ?? unknown;
  if (answer === undefined) return trouble === undefined ? null : <Trouble error={asError(trouble)} />;
  return (
    <div class="panel fields">
      <h2>Scans that are kept</h2>
      {trouble === undefined ? null : <Trouble error={asError(trouble)} />}
      {answer.scans.length === 0 ? <p>None.</p> : <Table scans={answer.scans} onForget={forget} />}
      <p class="soft small" data-testid="room">
        {roomText(answer)}
      </p>
    </div>
  );
}

/** Changes when a run does: then other scans may be deleted. */
function standing(): string {
  const going = [...liveRuns.value.values()].filter(({ end }) => end.value === undefined);
  return [...storedRuns.value.map(({ id, state }) => `${id} ${state}`), going.length].join("; ");
}

interface TableProps {
  readonly scans: readonly KeptScan[];
  readonly onForget: (path: string) => Promise<void>;
}

const Table = ({ scans, onForget }: TableProps): JSX.Element => (
  <table>
    <thead>
      <tr>
        <th scope="col">opened as</th>
        <th scope="col">size</th>
        <th scope="col">needed by</th>
        <th scope="col">do</th>
      </tr>
    </thead>
    <tbody>
      {scans.map(({ path, name, bytes, neededBy, heldBy }) => (
        <tr key={path}>
          <td>{name}</td>
          <td class="number">{sizeText(bytes)}</td>
          <td>{neededBy.length === 0 ? "no run that goes on" : neededBy.join(", ")}</td>
          <td>
            <button
              type="button"
              disabled={heldBy !== undefined}
              title={heldBy === undefined ? undefined : `${heldBy} is working on this scan: wait for it, or pause it`}
              onClick={() => void onForget(path)}
            >
              Delete<span class="hidden">{` the scan ${name}, ${sizeText(bytes)}`}</span>
            </button>
          </td>
        </tr>
      ))}
    </tbody>
  </table>
);

function roomText({ usedBytes, givenBytes }: Answer<"kept">): string {
  if (usedBytes === undefined) return "The browser does not say how much room is used.";
  const of = givenBytes === undefined ? "" : ` of ${sizeText(givenBytes)} that the browser gives`;
  return `Runs and scans take ${sizeText(usedBytes)}${of}.`;
}

const sizeText = (bytes: number): string =>
  bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
