import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { ArrayPanel } from "../../canvas/arrayPanel.tsx";
import { Trouble } from "../../parts/trouble.tsx";
import { useAnswer } from "../../parts/useAnswer.ts";
import { ExportButtons } from "../run/exportPanel.tsx";
import { shownObject } from "./shownObject.ts";

/** A reconstruction alone, with nothing to compare it to yet. */
export function OneObject({ path }: { readonly path: string }): JSX.Element {
  const { answer, error } = useAnswer("lookAt", { path }, path, path);
  const object = useMemo(() => answer && shownObject(answer, "object"), [answer]);
  if (error !== undefined) return <Trouble error={error} />;
  return (
    <>
      <div class="columns">
        {(["amplitude", "phase"] as const).map((quantity) => (
          <div key={quantity} class="panel" aria-busy={object === undefined}>
            <h2>
              {quantity === "amplitude" ? "Amplitude" : "Phase"}
              {object === undefined ? ", being read" : ""}
            </h2>
            <ArrayPanel address={`one.${quantity}`} array={object} start={{ look: { quantity } }} />
          </div>
        ))}
      </div>
      <div class="panel fields">
        <h2>For other programs</h2>
        <ExportButtons key={path} path={path} />
      </div>
    </>
  );
}
