import type { ComponentChildren, JSX } from "preact";
import type { Settings } from "../../../src/config/group.ts";
import { ChoiceSetting } from "../../parts/settingFields.tsx";
import { addressOf, go, route } from "../../state/route.ts";
import { accelerator, liveRuns, startRun } from "../../state/runs.ts";
import { isReading, session } from "../../state/session.ts";
import type { RunKind } from "../../worker/runEntries.ts";

interface StartFormProps {
  readonly kind: RunKind;
  /** The file of the network, of a run that infers. */
  readonly model?: string | undefined;
  /** Those that are said. */
  readonly settings: () => Settings;
  readonly children: ComponentChildren;
}

const accelerators = [
  ["auto", "auto: a GPU where there is one"],
  ["cpu", "the processor: WebAssembly"],
  ["webgpu", "WebGPU, whatever it finds"],
] as const;

/** Settings of a run on the open scan, and Start. */
export function StartForm({ kind, model, settings, children }: StartFormProps): JSX.Element {
  const open = session.value;
  if (open?.facts === undefined)
    return (
      <p>
        <a href={addressOf("open")}>Open a scan</a> to start a run on it.
      </p>
    );
  const { path, stated } = open;
  const shown = liveRuns.value.get(route.value.params["run"] ?? "");
  return (
    <form
      class="panel fields"
      onSubmit={(event) => {
        event.preventDefault();
        go(kind, {
          run: startRun({ kind, scan: { path, stated }, settings: settings(), ...(model && { model }) }).request.id,
        });
      }}
    >
      <div class="columns">
        {children}
        <ChoiceSetting label="Computes on" value={accelerator} options={accelerators} />
      </div>
      <div class="row">
        <button
          class="main-action"
          type="submit"
          // What it would run on is not known yet.
          disabled={isReading.value || (shown !== undefined && shown.end.value === undefined)}
        >
          Start
        </button>
        <span class="soft small" aria-live="polite">
          {isReading.value ? "reading the scan" : ""}
        </span>
      </div>
    </form>
  );
}
