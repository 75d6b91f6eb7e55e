import type { Signal } from "@preact/signals";
import type { JSX } from "preact";
import { Field } from "./field.tsx";

interface NumberSettingProps {
  readonly label: string;
  readonly value: Signal<string>;
  /** What holds where nothing is said. */
  readonly otherwise: string;
  readonly min?: number;
  readonly step?: number | "any";
}

/** A number, or nothing: then the default holds. */
export function NumberSetting({ label, value, otherwise, min = 1, step = 1 }: NumberSettingProps): JSX.Element {
  return (
    <Field label={label}>
      {(id) => (
        <input
          id={id}
          type="number"
          min={min}
          step={step}
          placeholder={otherwise}
          value={value.value}
          onInput={(event) => {
            value.value = event.currentTarget.value;
          }}
        />
      )}
    </Field>
  );
}

interface ChoiceSettingProps {
  readonly label: string;
  readonly value: Signal<string>;
  readonly options: readonly (readonly [value: string, title: string])[];
}

/** One of several. */
export function ChoiceSetting({ label, value, options }: ChoiceSettingProps): JSX.Element {
  return (
    <Field label={label}>
      {(id) => (
        <select
          id={id}
          value={value.value}
          onChange={(event) => {
            value.value = event.currentTarget.value;
          }}
        >
          {options.map(([name, title]) => (
            <option key={name} value={name}>
              {title}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

/** Numbers that are said, by the names of their settings. */
export const saidNumbers = (fields: Readonly<Record<string, Signal<string>>>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([name, { value }]) => (value === "" ? [] : [[name, Number(value)] as const])),
  );
