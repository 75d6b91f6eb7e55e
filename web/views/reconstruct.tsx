import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { ChoiceSetting, NumberSetting, saidNumbers } from "../parts/settingFields.tsx";
import { useAnswer } from "../parts/useAnswer.ts";
import { ShownRun } from "./run/shownRun.tsx";
import { StartForm } from "./run/startForm.tsx";

/** An engine at work: its settings, Start, and the object as it comes. */
export function Reconstruct(): JSX.Element {
  const { answer: engines = [] } = useAnswer("engines", undefined, true);
  const engine = useSignal("auto");
  const [epochs, probeModes] = [useSignal(""), useSignal("")];
  const settings = () => ({ engine: engine.value, ...saidNumbers({ epochs, probeModes }) });
  return (
    <>
      <h1>Reconstruct</h1>
      <StartForm kind="reconstruct" settings={settings}>
        <ChoiceSetting
          label="Engine"
          value={engine}
          options={[["auto", "auto: chosen by the data"], ...engines.map(({ name }) => [name, name] as const)]}
        />
        <NumberSetting
          label="Epochs"
          value={epochs}
          otherwise={engine.value === "auto" ? "chosen by the data" : "100"}
        />
        <NumberSetting label="Probe modes" value={probeModes} otherwise="as many as the scan's probe" />
      </StartForm>
      <ShownRun kind="reconstruct" />
    </>
  );
}
