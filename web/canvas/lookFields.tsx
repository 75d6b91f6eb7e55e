import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { ColormapName } from "../../src/pictures/colormap.ts";
import { type Colouring, colormapsOf, type Look, type Quantity } from "./look.ts";
import { numberText } from "./words.ts";

type Say = (change: Partial<Look>) => void;

const titles: Readonly<Record<ColormapName, string>> = {
  gray: "Gray",
  sequential: "Violet to yellow",
  warm: "Black to yellow",
  cyclic: "Around",
  hues: "Hues",
};

/** The map that stays when another quantity is shown: one that is not for it gives way to the usual one. */
export const fitting = ({ colormap }: Look, quantity: Quantity): Look["colormap"] =>
  colormap !== "auto" && colormapsOf(quantity).includes(colormap) ? colormap : "auto";

interface ColormapFieldProps {
  readonly look: Look;
  readonly quantity: Quantity | "value";
  readonly say: Say;
}

export function ColormapField({ look, quantity, say }: ColormapFieldProps): JSX.Element {
  const choice = colormapsOf(quantity);
  return (
    <select
      aria-label="Colour map"
      class="narrow"
      disabled={choice.length === 1}
      value={choice.length === 1 ? choice[0] : look.colormap}
      onChange={({ currentTarget: { value } }) => say({ colormap: choice.find((name) => name === value) ?? "auto" })}
    >
      {choice.length === 1 ? null : <option value="auto">Usual colours</option>}
      {choice.map((name) => (
        <option key={name} value={name}>
          {titles[name]}
        </option>
      ))}
    </select>
  );
}

interface LimitFieldsProps {
  readonly look: Look;
  /** Those that the colours have at this moment. */
  readonly now: () => Colouring["limits"];
  readonly say: Say;
}

const PARTS = [0, 0.005, 0.02, 0.05] as const;

/** Limits of the colours: found, with a part of the values left out, or by hand. */
export function LimitFields({ look: { limits }, now, say }: LimitFieldsProps): JSX.Element {
  const byHand = typeof limits === "object";
  const parts = typeof limits === "number" && !PARTS.some((part) => part === limits) ? [...PARTS, limits] : PARTS;
  return (
    <>
      <select
        aria-label="Limits of the colours"
        class="narrow"
        value={byHand ? "hand" : String(limits)}
        onChange={({ currentTarget: { value } }) =>
          say({ limits: value === "auto" ? "auto" : value === "hand" ? roundLimits(...now()) : Number(value) })
        }
      >
        <option value="auto">Limits found</option>
        {parts.map((part) => (
          <option key={part} value={String(part)}>
            {part === 0 ? "All values" : `Without ${numberText(100 * part)} % at each end`}
          </option>
        ))}
        <option value="hand">By hand</option>
      </select>
      {byHand
        ? ([0, 1] as const).map((end) => (
            <LimitField
              key={end}
              label={end === 0 ? "Lowest colour's value" : "Highest colour's value"}
              value={limits[end]}
              onChoose={(value) => {
                const [low, high] = now();
                const next = end === 0 ? ([value, high] as const) : ([low, value] as const);
                if (next[1] > next[0]) say({ limits: next });
              }}
            />
          ))
        : null}
    </>
  );
}

interface LimitFieldProps {
  readonly label: string;
  readonly value: number;
  readonly onChoose: (value: number) => void;
}

/** What is typed stays until it is done, whatever is drawn anew meanwhile. */
function LimitField({ label, value, onChoose }: LimitFieldProps): JSX.Element {
  const [typed, setTyped] = useState<string>();
  return (
    <input
      class="limit"
      type="number"
      step="any"
      aria-label={label}
      value={typed ?? String(value)}
      onInput={({ currentTarget }) => setTyped(currentTarget.value)}
      onChange={({ currentTarget: { valueAsNumber } }) => {
        setTyped(undefined);
        onChoose(valueAsNumber);
      }}
    />
  );
}

/** Those that were found, in as few digits as people read. */
function roundLimits(low: number, high: number): readonly [number, number] {
  const [from, to] = [Number(low.toPrecision(4)), Number(high.toPrecision(4))];
  return to > from ? [from, to] : [low, high];
}
