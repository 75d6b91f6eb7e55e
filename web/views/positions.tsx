import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { ArrayCanvas } from "../canvas/arrayCanvas.ts";
import { ArrayPanel } from "../canvas/arrayPanel.tsx";
import { ArrayView } from "../canvas/arrayView.tsx";
import type { ShownArray } from "../canvas/shownArray.ts";
import { Choice, Slider } from "../parts/field.tsx";
import { Trouble } from "../parts/trouble.tsx";
import { useAnswer } from "../parts/useAnswer.ts";
import { numberSaid, route, say } from "../state/route.ts";
import { session } from "../state/session.ts";
import type { ScanFacts, ScanPositions } from "../worker/protocol.ts";
import { ScanTable } from "./open/scanTable.tsx";
import { Probe } from "./positions/probe.tsx";

type Under = "light" | "object";

/** A click on a position, or Space at the cursor, chooses its frame. */
const chooseFrames = (canvas: ArrayCanvas): (() => void) => canvas.on("pick", (frame) => say({ frame: String(frame) }));

/** Where the scan went, over the object or over the light that fell on it; the probe; and what the file says of itself. */
export function Positions(): JSX.Element | null {
  const open = session.value;
  return open?.facts === undefined ? null : <PositionsOf facts={open.facts} serial={open.serial} />;
}

interface PositionsProps {
  readonly facts: ScanFacts;
  /** Of the session. */
  readonly serial: number;
}

function PositionsOf({ facts, serial }: PositionsProps): JSX.Element {
  const { params } = route.value;
  const under: Under = facts.hasObject && params["under"] !== "light" ? "object" : "light";
  const frame = numberSaid(params["frame"], facts.frames);
  const scan = useAnswer("positions", undefined, serial, serial);
  const light = useAnswer("light", undefined, under === "light" ? serial : undefined, serial);
  const object = useAnswer("object", undefined, under === "object" ? serial : undefined, serial);
  const pattern = useAnswer("frame", { index: frame }, `${serial} ${frame}`, serial);
  const pixelSizeM = facts.geometry?.objectPixelM;
  const array = useMemo((): ShownArray | undefined => {
    const size = pixelSizeM === undefined ? {} : { pixelSizeM };
    if (under === "object") return object.answer && { ...object.answer, complex: true, name: "object", ...size };
    return light.answer && { ...light.answer, complex: false, name: "light", unit: "of one pattern", ...size };
  }, [under, light.answer, object.answer, pixelSizeM]);
  const places = useMemo(() => scan.answer && placesIn(scan.answer, under), [scan.answer, under]);
  const markers = useMemo(
    () => places && { places, current: frame, window: [facts.height, facts.width] as const },
    [places, frame, facts],
  );
  const shown = useMemo(
    () => pattern.answer && { ...pattern.answer, complex: false, name: `pattern ${frame}`, unit: facts.measurement },
    [pattern.answer],
  );
  const error = [scan, light, object, pattern].find((one) => one.error !== undefined)?.error;
  return (
    <>
      <h1>Positions</h1>
      {error === undefined ? null : <Trouble error={error} />}
      <div class="beside">
        <div class="panel">
          <ArrayPanel address="under" array={array} markers={markers} onReady={chooseFrames} />
        </div>
        <div class="panel fields">
          {facts.hasObject ? (
            <Choice
              label="Under the positions"
              value={under}
              options={[
                ["object", "Object"],
                ["light", "Light"],
              ]}
              onChoose={(chosen) => say({ under: chosen === "object" ? undefined : chosen })}
            />
          ) : (
            <p class="soft small">The light that falls on each pixel. The file has no object.</p>
          )}
          <Slider
            label={`Pattern ${frame} of ${facts.frames}`}
            value={frame}
            count={facts.frames}
            onChoose={(chosen) => say({ frame: String(chosen) })}
          />
          <p class="number" aria-live="polite">
            {scan.answer === undefined ? "" : placeText(scan.answer.positions, frame)}
          </p>
          <ArrayView array={shown} state={{ look: { scale: "log" } }} />
        </div>
      </div>
      <div class="columns">
        <Probe facts={facts} serial={serial} />
        <div class="panel">
          <h2>{facts.name}</h2>
          <ScanTable facts={facts} />
        </div>
      </div>
    </>
  );
}

/** In pixels of what is shown under them. */
const placesIn = ({ positions, canvas }: ScanPositions, under: Under): Float64Array =>
  under === "object" ? positions : positions.map((value, i) => value - (i % 2 === 0 ? canvas.y : canvas.x));

const placeText = (positions: Float64Array, frame: number): string =>
  `row ${positions[2 * frame].toFixed(2)}, column ${positions[2 * frame + 1].toFixed(2)} object pixels`;
