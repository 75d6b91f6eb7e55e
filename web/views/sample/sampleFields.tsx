import type { JSX } from "preact";
import type { ObjectName } from "../../../src/simulation/options.ts";
import { Field } from "../../parts/field.tsx";
import type { SampleChoice } from "../../state/sampleChoice.ts";

interface SampleFieldsProps {
  readonly choice: SampleChoice;
  readonly onChoose: (change: Partial<SampleChoice>) => void;
}

const objects: readonly (readonly [ObjectName, string])[] = [
  ["deadLeaves", "Leaves over one another"],
  ["siemensStar", "Siemens star"],
  ["lines", "Lines"],
  ["gaussianField", "Smooth noise"],
];

/** Not as many as a pattern has rows: which axis counts them would have to be said. */
const counts = [81, 144, 256, 400, 900] as const;

/** What is chosen about a simulated scan, with what follows from it. */
export function SampleFields({ choice, onChoose }: SampleFieldsProps): JSX.Element {
  const { object, spot, step, jitter, patterns, dose } = choice;
  const overlap = Math.round(100 * (1 - step / spot));
  const slider = (
    name: "spot" | "step" | "jitter" | "dose",
    label: string,
    limits: readonly [number, number, number],
  ) => <Slider label={label} value={choice[name]} limits={limits} onInput={(value) => onChoose({ [name]: value })} />;
  return (
    <>
      <Field label="Object">
        {(id) => (
          <select
            id={id}
            value={object}
            onChange={(event) => onChoose({ object: event.currentTarget.value as ObjectName })}
          >
            {objects.map(([name, title]) => (
              <option key={name} value={name}>
                {title}
              </option>
            ))}
          </select>
        )}
      </Field>
      {slider("spot", `Probe: ${spot} pixels across`, [8, 32, 1])}
      {slider("step", `Step of the scan: ${step} pixels`, [2, 16, 0.5])}
      {slider("jitter", `Jitter: ${Math.round(100 * jitter)} % of the step`, [0, 0.5, 0.05])}
      <Field label="Patterns">
        {(id) => (
          <select
            id={id}
            value={String(patterns)}
            onChange={(event) => onChoose({ patterns: Number(event.currentTarget.value) })}
          >
            {counts.map((count) => (
              <option key={count} value={String(count)}>
                {count}
              </option>
            ))}
          </select>
        )}
      </Field>
      {slider(
        "dose",
        `Dose: ${Number((10 ** dose).toPrecision(2)).toLocaleString("en")} photons a pattern`,
        [2, 8, 0.25],
      )}
      <p class="soft small" aria-live="polite">
        {overlap > 0 ? `Neighbours overlap by ${overlap} % of the spot.` : "Neighbours do not overlap."}
        {overlap < 50 ? " From 60 % on reconstructions are usually good." : ""}
      </p>
    </>
  );
}

interface SliderProps {
  readonly label: string;
  readonly value: number;
  readonly limits: readonly [least: number, most: number, step: number];
  readonly onInput: (value: number) => void;
}

const Slider = ({ label, value, limits: [min, max, step], onInput }: SliderProps): JSX.Element => (
  <Field label={label}>
    {(id) => (
      <input
        id={id}
        {...{ type: "range", min, max, step, value }}
        onInput={(event) => onInput(event.currentTarget.valueAsNumber)}
      />
    )}
  </Field>
);
