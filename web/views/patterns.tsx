import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { ArrayPanel } from "../canvas/arrayPanel.tsx";
import { Choice, Slider } from "../parts/field.tsx";
import { Trouble } from "../parts/trouble.tsx";
import { useAnswer } from "../parts/useAnswer.ts";
import { numberSaid, route, say } from "../state/route.ts";
import { session } from "../state/session.ts";

type Shown = "frame" | "sum" | "maximum";

/** Patterns one by one, their sum, and their maximum. */
export function Patterns(): JSX.Element | null {
  const open = session.value;
  const facts = open?.facts;
  const scan = facts && open?.serial;
  const { params } = route.value;
  const index = numberSaid(params["frame"], facts?.frames ?? 1);
  const shown: Shown = params["of"] === "sum" || params["of"] === "maximum" ? params["of"] : "frame";
  const frame = useAnswer("frame", { index }, facts && shown === "frame" ? `${scan} ${index}` : undefined, scan);
  const all = useAnswer("statistics", undefined, shown === "frame" ? undefined : scan, scan);
  const image = shown === "frame" ? frame.answer : all.answer?.[shown];
  const name = shown === "frame" ? `pattern ${index}` : `${shown} of all patterns`;
  const mask = useAnswer("mask", undefined, scan, scan);
  const error = (shown === "frame" ? frame.error : all.error) ?? mask.error;
  const unit = facts?.measurement === "counts" ? "counts" : "amplitude";
  const array = useMemo(
    () => image && { ...image, complex: false, name, unit, ...(mask.answer && { mask: mask.answer.data }) },
    [image, name, unit, mask.answer],
  );
  if (facts === undefined) return null;
  return (
    <>
      <h1>Patterns</h1>
      <div class="beside">
        <div class="panel">
          {error === undefined ? null : <Trouble error={error} />}
          <ArrayPanel address="pattern" array={array} start={{ look: { scale: "log" } }} />
        </div>
        <div class="panel fields">
          <Choice
            label="What is shown"
            value={shown}
            options={[
              ["frame", "One"],
              ["sum", "Sum"],
              ["maximum", "Maximum"],
            ]}
            onChoose={(of) => say({ of: of === "frame" ? undefined : of })}
          />
          <Slider
            label={`Pattern ${index} of ${facts.frames}`}
            value={index}
            count={facts.frames}
            disabled={shown !== "frame"}
            onChoose={(frame) => say({ frame: String(frame) })}
          />
          <progress
            class={shown === "frame" || all.answer !== undefined ? "away" : ""}
            aria-label="Patterns looked at"
            value={shown === "frame" || all.progress === undefined ? 0 : all.progress.done / all.progress.total}
          />
        </div>
      </div>
    </>
  );
}
