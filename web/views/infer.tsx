import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { outputs } from "../../src/runs/outputs.ts";
import { ChoiceSetting, NumberSetting } from "../parts/settingFields.tsx";
import { useAnswer } from "../parts/useAnswer.ts";
import { droppedModel } from "../state/dropped.ts";
import { addressOf } from "../state/route.ts";
import { refreshRuns, storedRuns } from "../state/runs.ts";
import { runFolder } from "../worker/runEntries.ts";
import { ShownRun } from "./run/shownRun.tsx";
import { StartForm } from "./run/startForm.tsx";

/** A network that was trained before, here or elsewhere, on the open scan; then, if it is wished, an engine from there. */
export function Infer(): JSX.Element {
  useEffect(() => void refreshRuns().catch(() => undefined), []);
  const { answer: engines = [] } = useAnswer("engines", undefined, true);
  const models = modelsNow();
  const [chosen, engine, epochs] = [useSignal(""), useSignal(""), useSignal("")];
  const model = models.find(([path]) => path === chosen.value)?.[0] ?? models[0]?.[0];
  useEffect(() => {
    if (model !== undefined) chosen.value = model;
  }, [model]);
  const settings = () => (engine.value === "" ? {} : { refine: `${engine.value}:${epochs.value || REFINING_EPOCHS}` });
  return (
    <>
      <h1>Infer</h1>
      {model === undefined ? (
        <p>
          There is no trained network yet. <a href={addressOf("train")}>Train one</a>, or{" "}
          <a href={addressOf("open")}>drop the model.zip</a> of one that was trained elsewhere.
        </p>
      ) : (
        <StartForm kind="infer" model={model} settings={settings}>
          <ChoiceSetting label="Network" value={chosen} options={models} />
          <ChoiceSetting
            label="Refine by an engine"
            value={engine}
            options={[["", "no: the network alone"], ...engines.map(({ name }) => [name, name] as const)]}
          />
          {engine.value === "" ? null : (
            <NumberSetting label="Epochs of the engine" value={epochs} otherwise={String(REFINING_EPOCHS)} />
          )}
        </StartForm>
      )}
      <ShownRun kind="infer" />
    </>
  );
}

/** What begins near the object needs no more as a rule. */
const REFINING_EPOCHS = 20;

/** Networks that can be taken: what was dropped, then those that were trained here. */
function modelsNow(): readonly (readonly [path: string, title: string])[] {
  const dropped = droppedModel.value;
  const trained = storedRuns.value
    .filter(({ files }) => files.includes(outputs.model))
    .map(({ id }) => [`${runFolder(id)}/${outputs.model}`, id] as const);
  return [...(dropped === undefined ? [] : [[dropped, `${baseName(dropped)}, dropped`] as const]), ...trained];
}

const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
