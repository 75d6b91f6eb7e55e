import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import type { ArrayCanvas } from "../../canvas/arrayCanvas.ts";
import { ArrayPanel } from "../../canvas/arrayPanel.tsx";
import { linkViews } from "../../canvas/linkViews.ts";
import type { ShownArray } from "../../canvas/shownArray.ts";
import { Choice } from "../../parts/field.tsx";
import { route, say } from "../../state/route.ts";
import type { Comparison } from "../../worker/protocol.ts";
import { ComparisonTable } from "./comparisonTable.tsx";
import { FrcCurve } from "./frcCurve.tsx";
import { shownObject } from "./shownObject.ts";

const ways = [
  ["beside", "Side by side"],
  ["swipe", "Swipe"],
  ["difference", "Difference"],
] as const;
type Way = (typeof ways)[number][0];

/** Two objects in one frame, in the way that is chosen, and below it how far they agree. */
export function TwoObjects({ comparison }: { readonly comparison: Comparison | undefined }): JSX.Element {
  const said = route.value.params["how"];
  const how: Way = ways.find(([name]) => name === said)?.[0] ?? "beside";
  const shown = useMemo(() => comparison && shownOf(comparison), [comparison]);
  return (
    <>
      <div class="row">
        <Choice label="How they are compared" value={how} options={ways} onChoose={(way) => say({ how: way })} />
        <span class="soft small" aria-live="polite">
          {comparison === undefined ? "laying one on the other" : ""}
        </span>
      </div>
      {how === "beside" ? (
        <Pair key={how} alike titles={["Reference", "Compared"]} arrays={[shown?.reference, shown?.compared]} />
      ) : how === "difference" ? (
        <Pair
          key={how}
          titles={["Difference of the complex values", "Difference of the phases"]}
          arrays={[shown?.difference, shown?.phase]}
        />
      ) : (
        <div class="panel">
          <h2>Reference left of the divider, compared right of it</h2>
          <ArrayPanel
            address="swipe"
            array={shown?.reference}
            compared={shown?.compared}
            start={{ look: { quantity: "phase" } }}
          />
        </div>
      )}
      {comparison === undefined ? null : (
        <>
          {comparison.warnings.map((line) => (
            <p key={line} class="note">
              {line}
            </p>
          ))}
          <div class="columns">
            <div class="panel">
              <h2>Agreement</h2>
              <ComparisonTable comparison={comparison} />
            </div>
            <div class="panel">
              <h2>Fourier ring correlation</h2>
              <FrcCurve frc={comparison.metrics.frc} resolutionM={comparison.resolutionM} />
            </div>
          </div>
        </>
      )}
    </>
  );
}

interface PairProps {
  readonly titles: readonly [string, string];
  /** Whether both show the same quantity. */
  readonly alike?: boolean;
  readonly arrays: readonly [ShownArray | undefined, ShownArray | undefined];
}

/** Two pictures that move and zoom together, and of the same quantity are also coloured in the same way. */
function Pair({ titles, arrays, alike = false }: PairProps): JSX.Element {
  const [canvases, setCanvases] = useState<readonly ArrayCanvas[]>([]);
  useEffect(() => {
    if (canvases.length < 2) return;
    const ends = [linkViews(canvases), ...(alike ? [linkLooks(canvases)] : [])];
    return () => {
      for (const end of ends) end();
    };
  }, [canvases]);
  return (
    <div class="columns">
      {titles.map((title, k) => (
        <div key={title} class="panel">
          <h2>{title}</h2>
          <ArrayPanel
            address={alike ? "both" : ["difference", "phases"][k]}
            array={arrays[k]}
            start={{ look: { quantity: title.startsWith("Difference") ? "amplitude" : "phase" } }}
            onReady={(canvas) => setCanvases((others) => [...others, canvas])}
          />
        </div>
      ))}
    </div>
  );
}

/** What is chosen for one picture holds for the others. */
function linkLooks(canvases: readonly ArrayCanvas[]): () => void {
  const ends = canvases.map((canvas) =>
    canvas.on("change", ({ state: { look }, changed }) => {
      if (changed.includes("look")) for (const other of canvases) if (other !== canvas) other.set({ look });
    }),
  );
  return () => {
    for (const end of ends) end();
  };
}

function shownOf({ reference, compared, difference }: Comparison) {
  const { known, pixelSizeM } = reference;
  const common = { ...(known && { known }), ...(pixelSizeM === undefined ? {} : { pixelSizeM }) };
  const [first, second] = [shownObject(reference, "reference"), shownObject(compared, "compared")];
  return {
    // Equal colours are equal values in both.
    reference: { ...first, beside: second },
    compared: { ...second, beside: first },
    difference: { ...difference.complex, ...common, complex: true, name: "difference" },
    phase: { ...difference.phase, ...common, complex: false, name: "phase difference", unit: "rad" },
  } satisfies Record<string, ShownArray>;
}
