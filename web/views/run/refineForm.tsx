import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { ChoiceSetting, NumberSetting } from "../../parts/settingFields.tsx";
import { Trouble } from "../../parts/trouble.tsx";
import { useAnswer } from "../../parts/useAnswer.ts";
import { go } from "../../state/route.ts";
import { refineRun } from "../../state/runs.ts";
import { asError } from "../../state/session.ts";

/** Another engine that begins with the object and the probe of a run. */
export function RefineForm({ id }: { readonly id: string }): JSX.Element {
  const { answer: engines = [] } = useAnswer("engines", undefined, true);
  const [engine, epochs] = [useSignal("auto"), useSignal("")];
  const [error, setError] = useState<unknown>(undefined);
  const start = async (): Promise<void> => {
    const { request } = await refineRun(id, engine.value, epochs.value === "" ? undefined : Number(epochs.value));
    go("reconstruct", { run: request.id });
  };
  return (
    <form
      class="panel fields"
      aria-label="Refine"
      onSubmit={(event) => {
        event.preventDefault();
        start().catch(setError);
      }}
    >
      <h2>Refine</h2>
      <p class="soft">Another engine begins with this object and its probe, as a run of its own.</p>
      <div class="columns">
        <ChoiceSetting
          label="Engine that goes on"
          value={engine}
          options={[["auto", "auto: chosen by the data"], ...engines.map(({ name }) => [name, name] as const)]}
        />
        <NumberSetting
          label="Epochs of it"
          value={epochs}
          otherwise={engine.value === "auto" ? "chosen by the data" : "100"}
        />
      </div>
      <div class="row">
        <button type="submit">Refine</button>
      </div>
      {error === undefined ? null : <Trouble error={asError(error)} />}
    </form>
  );
}
