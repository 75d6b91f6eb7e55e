import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { NumberSetting, saidNumbers } from "../parts/settingFields.tsx";
import { ShownRun } from "./run/shownRun.tsx";
import { StartForm } from "./run/startForm.tsx";

/** A network that learns the scan: its settings, Start, and what it predicts as it learns. */
export function Train(): JSX.Element {
  const [maxEpochs, batchSize, gridsize] = [useSignal(""), useSignal(""), useSignal("")];
  const [nFiltersScale, learningRate] = [useSignal(""), useSignal("")];
  const settings = () => saidNumbers({ maxEpochs, batchSize, gridsize, nFiltersScale, learningRate });
  return (
    <>
      <h1>Train</h1>
      <StartForm kind="train" settings={settings}>
        <NumberSetting label="Epochs" value={maxEpochs} otherwise="100" />
        <NumberSetting label="Patterns in a batch" value={batchSize} otherwise="16" />
        <NumberSetting label="Patterns together, along a side" value={gridsize} otherwise="2" />
        <NumberSetting label="Size of the network" value={nFiltersScale} otherwise="2" />
        <NumberSetting label="Learning rate" value={learningRate} otherwise="0.001" min={0} step="any" />
      </StartForm>
      <ShownRun kind="train" />
    </>
  );
}
