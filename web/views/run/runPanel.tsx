import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { ComplexArray } from "../../../src/arrays.ts";
import { meanPhaseAtZero } from "../../../src/pictures/meanPhase.ts";
import { outputs } from "../../../src/runs/outputs.ts";
import { duration } from "../../../src/runs/progress.ts";
import { ArrayPanel } from "../../canvas/arrayPanel.tsx";
import { ArrayView } from "../../canvas/arrayView.tsx";
import type { ShownArray } from "../../canvas/shownArray.ts";
import { saveFile } from "../../parts/saveFile.ts";
import { Trouble } from "../../parts/trouble.tsx";
import { type LiveRun, type RunEnd, resumeRun } from "../../state/runs.ts";
import { asError } from "../../state/session.ts";
import type { RunPicture } from "../../worker/protocol.ts";
import { runFolder } from "../../worker/runEntries.ts";
import { CommandLine, ExportButtons } from "./exportPanel.tsx";
import { RefineForm } from "./refineForm.tsx";
import { curveOf, numberOr, runCurve } from "./runCurve.tsx";
import { goOnWords } from "./runStates.ts";
import { Steps } from "./stepsForm.tsx";

/** A run as it goes: progress, object, curve, what it says, and what it left. */
export function RunPanel({ run }: { readonly run: LiveRun }): JSX.Element {
  const end = run.end.value;
  const rows = run.rows.value;
  const picture = run.picture.value;
  const object = useMemo(() => picture && shownObject(picture), [picture]);
  const probe = useMemo(() => picture?.probe && shownProbe(picture.probe, picture.pixelSizeM), [picture]);
  const last = rows.at(-1);
  const { title, columns } = curveOf(last);
  return (
    <>
      <div class="panel fields">
        <Progress run={run} />
        <div class="row held">
          {end === undefined ? (
            <button type="button" onClick={() => run.stop()}>
              Pause
            </button>
          ) : end.status === "interrupted" ? (
            <button type="button" class="main-action" onClick={() => resumeRun(run.request)}>
              {goOnWords(run.request.kind, end.files)}
            </button>
          ) : null}
          <span aria-live="polite" data-testid="run-state">
            {stateOf(end)}
          </span>
          <span class="number">
            {last === undefined ? "" : `epoch ${last.epoch}, ${title} ${numberOr(last[columns[0]]).toPrecision(4)}`}
          </span>
        </div>
        {end === undefined || !("error" in end) ? null : <Trouble error={end.error} />}
        {end === undefined || !("advice" in end) || end.advice === undefined ? null : (
          <div class="note">
            <p>{end.advice}</p>
          </div>
        )}
      </div>
      {run.request.kind === "infer" && run.request.settings["refine"] === undefined ? null : <Steps run={run} />}
      <div class="columns pictures">
        <div class="panel">
          <h2>Amplitude</h2>
          <ArrayPanel address="amplitude" array={object} start={{ look: { quantity: "amplitude" } }} />
        </div>
        <div class="panel">
          <h2>Phase</h2>
          <ArrayPanel address="phase" array={object} start={{ look: { quantity: "phase" } }} />
        </div>
        {run.request.kind === "train" || (run.request.kind === "infer" && probe === undefined) ? null : (
          <div class="panel">
            <h2>Probe</h2>
            <ArrayView array={probe} state={{ look: { quantity: "complex" } }} />
          </div>
        )}
        {run.request.kind === "infer" && rows.length === 0 ? null : (
          <div class="panel">
            <h2>{title}</h2>
            {runCurve(rows)}
          </div>
        )}
      </div>
      <div class="panel">
        <h2>Log</h2>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard */}
        <pre class="log" tabIndex={0}>
          {run.lines.value.map(({ warning, text }) => `${warning ? "! " : ""}${text}\n`).join("")}
        </pre>
      </div>
      {end === undefined || !("files" in end) ? null : <Files run={run} end={end} />}
      {run.request.kind === "train" || end?.status !== "finished" ? null : <RefineForm id={run.request.id} />}
      <div class="panel">
        <CommandLine request={run.request} ended={end !== undefined} changes={run.steps.value?.changes ?? []} />
      </div>
    </>
  );
}

/** Its mean phase is turned to zero, or it would turn from epoch to epoch. */
const shownObject = ({ object, known, pixelSizeM }: RunPicture): ShownArray => ({
  ...meanPhaseAtZero(object, known),
  ...{ complex: true, name: "object", known },
  ...(pixelSizeM === undefined ? {} : { pixelSizeM }),
});

/** The strongest mode, which is the first. */
function shownProbe({ shape: [, height, width], data }: ComplexArray, pixelSizeM: number | undefined): ShownArray {
  return {
    ...{ shape: [height, width], data: data.slice(0, 2 * height * width), complex: true, name: "probe" },
    ...(pixelSizeM === undefined ? {} : { pixelSizeM }),
  };
}

function stateOf(end: RunEnd | undefined): string {
  if (end === undefined) return "running";
  return { finished: "finished", interrupted: "paused", diverged: "diverged", failed: "failed" }[end.status];
}

function Progress({ run }: { readonly run: LiveRun }): JSX.Element {
  const now = run.progress.value;
  const over = run.end.value !== undefined;
  const finished = run.end.value?.status === "finished";
  const left = over ? undefined : now?.left;
  return (
    <>
      <progress aria-label="Progress" max={now?.total ?? 1} value={finished ? (now?.total ?? 1) : (now?.done ?? 0)} />
      <span class="soft small">
        {now === undefined || finished
          ? over
            ? run.request.id
            : "preparing"
          : `${now.label}, ${Math.floor((100 * now.done) / Math.max(1, now.total))} %${left === undefined ? "" : `, ${duration(left)} left`}`}
      </span>
    </>
  );
}

function Files({
  run,
  end,
}: {
  readonly run: LiveRun;
  readonly end: Extract<RunEnd, { files: unknown }>;
}): JSX.Element {
  const [error, setError] = useState<unknown>(undefined);
  const folder = `${runFolder(run.request.id)}/`;
  // Of what was refined the last one.
  const reconstruction = end.files.findLast((path) => path.endsWith(`/${outputs.reconstruction}`));
  return (
    <div class="panel fields">
      <h2>Files</h2>
      <div class="row">
        {end.files.map((path) => (
          <button key={path} type="button" onClick={() => saveFile(path).catch(setError)}>
            {path.startsWith(folder) ? path.slice(folder.length) : path}
          </button>
        ))}
      </div>
      {error === undefined ? null : <Trouble error={asError(error)} />}
      {reconstruction === undefined ? null : (
        <>
          <h3>For other programs</h3>
          <ExportButtons path={reconstruction} />
        </>
      )}
    </div>
  );
}
