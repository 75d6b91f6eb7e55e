import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";

interface FieldProps {
  readonly label: string;
  readonly children: (id: string) => ComponentChildren;
}

/** A control under its label. */
export function Field({ label, children }: FieldProps): JSX.Element {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children(id)}
    </div>
  );
}

interface ChoiceProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly options: readonly (readonly [value: T, title: string])[];
  readonly onChoose: (value: T) => void;
}

/** One of a few, side by side. */
export function Choice<T extends string>({ label, value, options, onChoose }: ChoiceProps<T>): JSX.Element {
  return (
    <fieldset class="choices" aria-label={label}>
      {options.map(([name, title]) => (
        <button key={name} type="button" aria-pressed={name === value} onClick={() => onChoose(name)}>
          {title}
        </button>
      ))}
    </fieldset>
  );
}

interface SliderProps {
  readonly label: string;
  /** From 0. */
  readonly value: number;
  /** How many values there are. */
  readonly count: number;
  readonly disabled?: boolean;
  readonly onChoose: (value: number) => void;
}

/** One of many that have an order. */
export function Slider({ label, value, count, disabled = false, onChoose }: SliderProps): JSX.Element {
  return (
    <Field label={label}>
      {(id) => (
        <input
          id={id}
          type="range"
          min={0}
          max={count - 1}
          value={value}
          disabled={disabled}
          onInput={({ currentTarget: { valueAsNumber } }) => onChoose(valueAsNumber)}
        />
      )}
    </Field>
  );
}
