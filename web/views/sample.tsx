import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { ArrayView } from "../canvas/arrayView.tsx";
import { Samples } from "../parts/samples.tsx";
import { Trouble } from "../parts/trouble.tsx";
import { useAnswer } from "../parts/useAnswer.ts";
import { useSettled } from "../parts/useSettled.ts";
import { go } from "../state/route.ts";
import { openSample } from "../state/sample.ts";
import { SAMPLE_SIDE, type SampleChoice, sampleOptions, usualSample } from "../state/sampleChoice.ts";
import { opening, openingTrouble, session } from "../state/session.ts";
import type { SamplePreview } from "../worker/protocol.ts";
import { SampleFields } from "./sample/sampleFields.tsx";

/** Milliseconds without another change after which the preview follows. */
const SETTLED = 80;

/** A scan that is simulated here, seen as it is chosen. */
export function Sample(): JSX.Element {
  const [choice, setChoice] = useState<SampleChoice>(usualSample);
  const settled = useSettled(choice, SETTLED);
  const { answer, error } = useAnswer("preview", sampleOptions(settled), settled);
  const open = async (): Promise<void> => {
    if (!(await openSample(choice))) return;
    // What is refused is said where scans are opened, with what the doctor says of it.
    go(session.value?.refusal === undefined ? "reconstruct" : "open");
  };
  return (
    <>
      <h1>Simulate a scan</h1>
      <Samples />
      {error === undefined ? null : <Trouble error={error} />}
      {openingTrouble.value === undefined ? null : <Trouble error={openingTrouble.value} />}
      <div class="beside fields-first">
        <div class="panel fields">
          <SampleFields choice={choice} onChoose={(change) => setChoice({ ...choice, ...change })} />
          <p>
            <button
              type="button"
              class="main-action"
              disabled={opening.value !== undefined}
              onClick={() => void open()}
            >
              Simulate and open
            </button>
          </p>
        </div>
        <Preview preview={answer} />
      </div>
    </>
  );
}

function Preview({ preview }: { readonly preview: SamplePreview | undefined }): JSX.Element {
  const shown = useMemo(() => preview && shownParts(preview), [preview]);
  return (
    <div class="columns">
      <div class="panel">
        <h2>Object's phase, and where the scan goes</h2>
        <ArrayView array={shown?.object} markers={shown?.markers} state={{ look: { quantity: "phase" } }} />
      </div>
      <div class="panel">
        <h2>Probe</h2>
        <ArrayView array={shown?.probe} state={{ look: { quantity: "complex" } }} />
      </div>
      <div class="panel">
        <h2>First pattern</h2>
        <ArrayView array={shown?.pattern} state={{ look: { scale: "log" } }} />
      </div>
    </div>
  );
}

function shownParts({ object, probe, pattern, positions, objectPixelM }: SamplePreview) {
  const size = objectPixelM === undefined ? {} : { pixelSizeM: objectPixelM };
  return {
    object: { ...object, complex: true, name: "object", ...size },
    probe: { ...probe, complex: true, name: "probe", ...size },
    pattern: { ...pattern, complex: false, name: "first pattern", unit: "counts" },
    markers: { places: positions, current: 0, window: [SAMPLE_SIDE, SAMPLE_SIDE] as const },
  };
}
