import { type Signal, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { RunSteps } from "../../../src/runs/hooks.ts";
import { NumberSetting, saidNumbers } from "../../parts/settingFields.tsx";
import { Trouble } from "../../parts/trouble.tsx";
import type { LiveRun } from "../../state/runs.ts";
import { asError } from "../../state/session.ts";

const titles: Readonly<Record<string, string>> = {
  objectStep: "Step of the object",
  probeStep: "Step of the probe",
  learningRate: "Learning rate from now on",
};

/**
 * How long the steps of a run are, to be made others while it goes, or with which it goes on. It has its place from the
 * beginning, so that nothing moves when the steps become known.
 */
export function Steps({ run }: { readonly run: LiveRun }): JSX.Element {
  const steps = run.steps.value;
  const over = run.end.value !== undefined && run.end.value.status !== "interrupted";
  return (
    <details class="panel">
      <summary>Steps</summary>
      {over ? (
        <p>The run has ended.</p>
      ) : steps === undefined ? (
        <p>Not known yet.</p>
      ) : Object.keys(steps.settings).length === 0 ? (
        <p>This engine finds its steps itself.</p>
      ) : (
        <StepsForm run={run} steps={steps} />
      )}
    </details>
  );
}

function StepsForm({ run, steps }: { readonly run: LiveRun; readonly steps: RunSteps }): JSX.Element {
  const fields = useMemo(() => new Map<string, Signal<string>>(), []);
  const [error, setError] = useState<unknown>(undefined);
  const said = useSignal("");
  const change = async (): Promise<void> => {
    const wanted = saidNumbers(Object.fromEntries(fields));
    if (Object.keys(wanted).length === 0) return;
    setError(undefined);
    await run.change(wanted);
    for (const field of fields.values()) field.value = "";
    said.value = "from the next epoch on";
  };
  return (
    <form
      class="fields"
      aria-label="Steps"
      // What makes no sense is refused in the words of the library.
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        said.value = "";
        change().catch(setError);
      }}
    >
      <div class="columns">
        {Object.entries(steps.settings).map(([name, now]) => (
          <StepField key={name} name={name} now={now} fields={fields} />
        ))}
      </div>
      <div class="row">
        <button type="submit">{run.end.value === undefined ? "Change" : "Go on with these"}</button>
        <span class="soft" aria-live="polite">
          {said.value}
        </span>
      </div>
      {error === undefined ? null : <Trouble error={asError(error)} />}
    </form>
  );
}

interface StepFieldProps {
  readonly name: string;
  readonly now: number;
  readonly fields: Map<string, Signal<string>>;
}

function StepField({ name, now, fields }: StepFieldProps): JSX.Element {
  const value = useSignal("");
  fields.set(name, value);
  return <NumberSetting label={titles[name] ?? name} value={value} otherwise={String(now)} min={0} step="any" />;
}
