import type { JSX } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { numberText } from "../canvas/words.ts";
import { Choice } from "../parts/field.tsx";
import { CurveNumbers } from "./curveNumbers.tsx";
import { type CurveLine, wordsOf } from "./lines.ts";
import type { Plot, PlotColours, PlotContent } from "./plot.ts";

interface CurveProps {
  /** What it shows, for those who do not see it. */
  readonly label: string;
  readonly x: {
    /** Growing. */
    readonly values: readonly number[];
    /** What it is, under the axis: "epochs". */
    readonly title: string;
    /** A place of it, with its unit; without it they are whole numbers. */
    readonly text?: (value: number) => string;
    /** Of which there is one a value: "epoch". */
    readonly one: string;
  };
  /** Three at most: the first as a line, then in dashes, then in dots. */
  readonly lines: readonly CurveLine[];
  /** What the values are shown on at first, where another scale can be chosen. Default: a linear one, and no choice. */
  readonly scale?: "linear" | "log";
  /** Of the values, where they do not say it themselves. */
  readonly range?: readonly [low: number, high: number];
}

const DASHES: readonly (readonly number[])[] = [[], [5, 3], [1.5, 3]];

/** Curves with a cursor that reads them, by pointer or keyboard, and with their numbers as a table. */
export function Curve({ label, x, lines, scale, range }: CurveProps): JSX.Element {
  const figure = useRef<HTMLElement>(null);
  const host = useRef<HTMLDivElement>(null);
  const [plot, setPlot] = useState<Plot>();
  const [error, setError] = useState("");
  const [at, setAt] = useState<number>();
  /** Where keys have put the cursor, until the pointer takes it: the plot is drawn later than keys are pressed, and anew. */
  const held = useRef<number | undefined>(undefined);
  const [byKey, setByKey] = useState(false);
  const [chosen, setChosen] = useState(scale ?? "linear");
  const keys = useId();
  const shown = lines.filter(({ values }) => values.some(Number.isFinite));

  useEffect(() => {
    let made: Plot | undefined;
    let wanted = true;
    import("./plot.ts").then(
      ({ plotIn }) => {
        if (!wanted || host.current === null) return;
        made = plotIn(host.current, () => coloursOf(figure.current), { held: () => held.current, onMove: setAt });
        setPlot(made);
      },
      (reason) => setError(String(reason)),
    );
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const redraw = (): void => made?.redraw();
    dark.addEventListener("change", redraw);
    return () => {
      wanted = false;
      dark.removeEventListener("change", redraw);
      made?.dispose();
    };
  }, []);
  const content: PlotContent = {
    ...{ x: x.values, xTitle: x.title, log: chosen === "log" },
    ...{ lines: shown.map(({ values }) => values), dashes: shown.map((_, k) => DASHES[k % DASHES.length]) },
    ...(x.text && { xText: x.text }),
    ...(range && { range }),
  };
  useEffect(() => plot?.show(content), [plot, chosen, JSON.stringify(range), ...memory(x.values, lines)]);

  const index = Math.min(at ?? Number.POSITIVE_INFINITY, x.values.length - 1);
  const hold = (place: number | undefined): void => {
    held.current = place;
    setAt(place);
    plot?.follow();
  };
  const letGo = (): void => {
    held.current = undefined;
    setByKey(false);
  };
  return (
    <figure class="curve" ref={figure}>
      <div class="curve-head">
        {shown.map(({ name }, k) => (
          <span key={name} class={`curve-name ${["first", "second", "third"][k % 3]}`}>
            {wordsOf(name)}
          </span>
        ))}
        {scale === undefined ? null : (
          <Choice
            label={`Scale of ${label}`}
            value={chosen}
            options={[
              ["linear", "Linear"],
              ["log", "Log"],
            ]}
            onChoose={setChosen}
          />
        )}
      </div>
      <div
        class="curve-plot"
        ref={host}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys move its cursor
        tabIndex={0}
        role="application"
        aria-label={labelOf(label, shown)}
        aria-describedby={keys}
        onKeyDown={(event) => {
          const next = keyed(event.key, event.shiftKey, at, x.values.length);
          if (next === "no key") return;
          event.preventDefault();
          setByKey(true);
          hold(next);
        }}
        onPointerMove={letGo}
        onPointerDown={letGo}
        onBlur={() => hold(undefined)}
      />
      <p class="curve-reading" aria-live={byKey ? "polite" : "off"}>
        {error === "" ? readingOf(x, shown, index) : `The curve cannot be drawn (${error}). Its numbers are below.`}
      </p>
      <p class="hidden" id={keys}>
        Left and right move from value to value, with Shift by ten; Home and End go to the first and the last.
      </p>
      <CurveNumbers title={`Numbers of ${label}`} one={x.one} x={x.values} text={x.text ?? String} lines={shown} />
    </figure>
  );
}

/** What tells that there are other numbers: rows are added at the end, arrays are made anew. */
const memory = (x: readonly number[], lines: readonly CurveLine[]): unknown[] => [
  ...[x.length, x.at(-1), lines.map(({ name }) => name).join()],
  ...[0, 1, 2].map((k) => lines[k]?.values.reduce((sum, value) => sum + (Number.isFinite(value) ? value : 0), 0)),
];

const labelOf = (label: string, lines: readonly CurveLine[]): string => {
  const last = lines.at(0)?.values.at(-1);
  return last === undefined || !Number.isFinite(last) ? label : `${label}; last ${numberText(last)}`;
};

function readingOf(
  { values, text = String, one }: CurveProps["x"],
  lines: readonly CurveLine[],
  index: number,
): string {
  if (lines.length === 0 || index < 0 || index >= values.length) return "";
  const numbers = lines.map(({ name, values: those }) => `${wordsOf(name)} ${numberText(those[index])}`);
  return [`${one} ${text(values[index])}`, ...numbers].join("  ·  ");
}

/** Where a key moves the cursor to; undefined: it goes away. */
function keyed(key: string, shift: boolean, at: number | undefined, count: number): number | undefined | "no key" {
  const last = count - 1;
  const step = shift ? 10 : 1;
  if (key === "Escape") return at === undefined ? "no key" : undefined;
  if (key === "Home") return 0;
  if (key === "End") return last;
  if (key === "ArrowLeft") return Math.max(0, (at ?? last + step) - step);
  if (key === "ArrowRight") return Math.min(last, (at ?? -step) + step);
  return "no key";
}

/** The page's own, which are dark or light: of the names beside the curve, of its words, and of its edge. */
function coloursOf(figure: HTMLElement | null): PlotColours {
  if (figure === null) return { lines: [], text: "gray", grid: "gray" };
  const own = getComputedStyle(figure);
  const names = Array.from(figure.querySelectorAll(".curve-name"));
  return {
    lines: names.map((name) => getComputedStyle(name, "::before").borderTopColor),
    text: own.color,
    grid: own.borderTopColor,
  };
}
