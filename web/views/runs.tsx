import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Trouble } from "../parts/trouble.tsx";
import { addressOf, go } from "../state/route.ts";
import { forgetRun, LOOK_MS, liveRuns, refreshRuns, resumeRun, storedRuns } from "../state/runs.ts";
import { asError } from "../state/session.ts";
import type { RunEntry } from "../worker/runEntries.ts";
import { goOnWords, runStates } from "./run/runStates.ts";
import { KeptScans } from "./runs/keptScans.tsx";

/** Runs that the browser keeps: to be looked at, gone on with, or deleted. */
export function Runs(): JSX.Element {
  const [error, setError] = useState<unknown>(undefined);
  useEffect(() => {
    refreshRuns().catch(setError);
  }, []);
  const runs = storedRuns.value;
  const elsewhere = runs.some(({ id, state }) => state === "running" && !isLive(id));
  useEffect(() => {
    if (!elsewhere) return;
    const looks = setInterval(() => refreshRuns().catch(setError), LOOK_MS);
    return () => clearInterval(looks);
  }, [elsewhere]);
  return (
    <>
      <h1>Runs</h1>
      {error === undefined ? null : <Trouble error={asError(error)} />}
      {runs.length === 0 ? (
        <p>There are none yet. They appear here when you reconstruct or train, and stay when the page is closed.</p>
      ) : (
        <div class="panel">
          <table>
            <thead>
              <tr>
                <th scope="col">run</th>
                <th scope="col">state</th>
                <th scope="col">do</th>
              </tr>
            </thead>
            <tbody>
              {runs.map((run) => (
                <Row key={run.id} run={run} onError={setError} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      <KeptScans />
    </>
  );
}

/** Whether this page has a run that goes on. */
const isLive = (id: string): boolean => liveRuns.value.get(id)?.end.value === undefined && liveRuns.value.has(id);

function Row({ run, onError }: { readonly run: RunEntry; readonly onError: (error: unknown) => void }): JSX.Element {
  const live = liveRuns.value.get(run.id);
  const running = live === undefined ? run.state === "running" : live.end.value === undefined;
  const goOn = (): void => {
    resumeRun(run);
    go(run.kind, { run: run.id });
  };
  return (
    <tr>
      <td>
        <a href={addressOf(run.kind, { run: run.id })}>{run.id}</a>
      </td>
      <td>{running ? "running" : runStates[run.state]}</td>
      <td class="row">
        {running || (run.state !== "paused" && run.state !== "cut") ? null : (
          <button type="button" onClick={goOn}>
            {goOnWords(run.kind, run.files)}
            <span class="hidden"> with {run.id}</span>
          </button>
        )}
        <button type="button" disabled={running} onClick={() => forgetRun(run.id).catch(onError)}>
          Delete<span class="hidden"> {run.id}</span>
        </button>
      </td>
    </tr>
  );
}
