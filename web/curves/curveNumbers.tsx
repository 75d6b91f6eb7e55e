import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { numberText } from "../canvas/words.ts";
import { type CurveLine, wordsOf } from "./lines.ts";

interface CurveNumbersProps {
  readonly title: string;
  /** What a row is one of. */
  readonly one: string;
  readonly x: readonly number[];
  readonly text: (value: number) => string;
  readonly lines: readonly CurveLine[];
}

/** The numbers of curves, for those who would rather read them. The table is made when it is asked for. */
export function CurveNumbers({ title, one, x, text, lines }: CurveNumbersProps): JSX.Element {
  const [open, setOpen] = useState(false);
  return (
    <details class="curve-numbers" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        Numbers<span class="hidden">{title.slice("Numbers".length)}</span>
      </summary>
      {open ? (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
        <section class="log" tabIndex={0} aria-label={title}>
          <table>
            <thead>
              <tr>
                <th scope="col">{one}</th>
                {lines.map(({ name }) => (
                  <th key={name} scope="col">
                    {wordsOf(name)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {x.map((value, i) => (
                <tr key={value}>
                  <th scope="row">{text(value)}</th>
                  {lines.map(({ name, values }) => (
                    <td key={name} class="number">
                      {numberText(values[i])}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      ) : null}
    </details>
  );
}
