import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { ComplexArray } from "../../../src/arrays.ts";
import { ArrayPanel } from "../../canvas/arrayPanel.tsx";
import { Choice } from "../../parts/field.tsx";
import { Trouble } from "../../parts/trouble.tsx";
import { useAnswer } from "../../parts/useAnswer.ts";
import type { ScanFacts } from "../../worker/protocol.ts";

interface ProbeProps {
  readonly facts: ScanFacts;
  /** Of the session. */
  readonly serial: number;
}

/** The probe that the file has, a mode at a time, with each one's part of the light. */
export function Probe({ facts, serial }: ProbeProps): JSX.Element {
  const { answer, error } = useAnswer("probe", undefined, serial, serial);
  const [chosen, setChosen] = useState(0);
  const mode = Math.min(chosen, facts.probeModes - 1);
  const pixelSizeM = facts.geometry?.objectPixelM;
  const array = useMemo(
    () =>
      answer && {
        ...{ ...modeOf(answer, mode), complex: true, name: facts.probeModes === 1 ? "probe" : `probe mode ${mode}` },
        ...(pixelSizeM === undefined ? {} : { pixelSizeM }),
      },
    [answer, mode],
  );
  const shares = useMemo(() => (answer === undefined ? [] : sharesOf(answer)), [answer]);
  return (
    <div class="panel fields">
      <h2>Probe</h2>
      {error === undefined ? null : <Trouble error={error} />}
      {facts.probeModes === 1 ? null : (
        <Choice
          label="Mode of the probe"
          value={String(mode)}
          options={Array.from({ length: facts.probeModes }, (_, k) => [
            String(k),
            shares[k] === undefined ? `${k}` : `${k}: ${(100 * shares[k]).toPrecision(2)} %`,
          ])}
          onChoose={(k) => setChosen(Number(k))}
        />
      )}
      <ArrayPanel address="probe" array={array} start={{ look: { quantity: "complex" } }} />
    </div>
  );
}

function modeOf({ shape: [, height, width], data }: ComplexArray, mode: number): ComplexArray {
  const size = 2 * height * width;
  return { shape: [height, width], data: data.slice(mode * size, (mode + 1) * size) };
}

/** Each mode's part of Σ|P|². */
function sharesOf({ shape, data }: ComplexArray): number[] {
  const powers = Array.from({ length: shape[0] }, (_, mode) =>
    modeOf({ shape, data }, mode).data.reduce((sum, value) => sum + value ** 2, 0),
  );
  const total = powers.reduce((sum, value) => sum + value, 0);
  return powers.map((value) => (total > 0 ? value / total : 0));
}
