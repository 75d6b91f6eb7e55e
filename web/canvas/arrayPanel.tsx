import type { JSX } from "preact";
import { useCallback, useState } from "preact/hooks";
import { ProfileCurves } from "../curves/profileCurves.tsx";
import { Choice } from "../parts/field.tsx";
import { save } from "../parts/saveFile.ts";
import { Trouble } from "../parts/trouble.tsx";
import { asError } from "../state/session.ts";
import type { ArrayCanvas, Markers } from "./arrayCanvas.ts";
import { ArrayView } from "./arrayView.tsx";
import { type CanvasState, type StateChange, startState } from "./canvasState.ts";
import type { Look } from "./look.ts";
import { ColormapField, fitting, LimitFields } from "./lookFields.tsx";
import type { Profile } from "./profile.ts";
import type { ShownArray } from "./shownArray.ts";
import { useAddressed } from "./useAddressed.ts";
import { fitView } from "./view.ts";

interface ArrayPanelProps {
  /** Under which the page's address says how it looks. Panels that are linked may share one. */
  readonly address: string;
  readonly array: ShownArray | undefined;
  readonly compared?: ShownArray | undefined;
  readonly markers?: Markers | undefined;
  /** What it begins with. */
  readonly start?: StateChange;
  /** Called once; canvases can be linked by it. @returns what ends it */
  // biome-ignore lint/suspicious/noConfusingVoidType: as effects, which may return nothing
  readonly onReady?: (canvas: ArrayCanvas) => (() => void) | void;
}

/** An array's canvas with everything that can be chosen about it, and the profile below. */
export function ArrayPanel({ address, array, compared, markers, start = {}, onReady }: ArrayPanelProps): JSX.Element {
  const [canvas, setCanvas] = useState<ArrayCanvas>();
  const [state, setState] = useState<CanvasState>(startState);
  const [profile, setProfile] = useState<Profile>();
  const ready = useCallback((made: ArrayCanvas) => {
    setCanvas(made);
    // What only moves leaves the controls as they are.
    const end = made.on("change", ({ state: next, changed }) => {
      if (changed.includes("look") || changed.includes("tool")) setState(next);
    });
    const ends = [end, made.on("profile", setProfile), onReady?.(made)];
    made.set(start);
    return () => {
      for (const end of ends) end?.();
    };
  }, []);
  useAddressed(canvas, address, start);
  // Who says what of it is shown knows that it is complex before it is there; controls that come later would move the page.
  const complex = array === undefined ? start.look?.quantity !== undefined : array.complex;
  return (
    <div class="fields">
      <ArrayView array={array} compared={compared} markers={markers} onReady={ready} />
      <Controls array={array} complex={complex} state={state} canvas={canvas} />
      {array === undefined || profile === undefined ? null : <ProfileCurves array={array} profile={profile} />}
    </div>
  );
}

interface ControlsProps {
  readonly array: ShownArray | undefined;
  readonly complex: boolean;
  readonly state: CanvasState;
  readonly canvas: ArrayCanvas | undefined;
}

function Controls({ array, complex, state, canvas }: ControlsProps): JSX.Element {
  const { look, tool } = state;
  const say = (change: Partial<Look>): void => canvas?.set({ look: change });
  const [error, setError] = useState<unknown>(undefined);
  const savePng = async (): Promise<void> => {
    setError(undefined);
    if (canvas !== undefined) save(pngName(array), await canvas.png());
  };
  return (
    <div class="row small tight">
      {complex ? (
        <Choice
          label="What is shown"
          value={look.quantity}
          options={[
            ["amplitude", "Amplitude"],
            ["phase", "Phase"],
            ["complex", "Both"],
          ]}
          onChoose={(quantity) => say({ quantity, colormap: fitting(look, quantity) })}
        />
      ) : null}
      {complex && look.quantity === "phase" ? null : (
        <Choice
          label="Scale of colours"
          value={look.scale}
          options={[
            ["linear", "Linear"],
            ["log", "Log"],
          ]}
          onChoose={(scale) => say({ scale })}
        />
      )}
      <ColormapField look={look} quantity={complex ? look.quantity : "value"} say={say} />
      <LimitFields look={look} now={() => canvas?.colouring?.limits ?? [0, 1]} say={say} />
      <div class="row tight">
        <button type="button" onClick={() => canvas?.set({ view: fitView })}>
          Fit
        </button>
        <button type="button" onClick={() => canvas?.oneToOne()}>
          1 : 1
        </button>
        <button
          type="button"
          aria-pressed={tool === "profile"}
          onClick={() => canvas?.set({ tool: tool === "profile" ? "move" : "profile" })}
        >
          Profile
        </button>
        <button type="button" disabled={array === undefined} onClick={() => void savePng().catch(setError)}>
          PNG
        </button>
      </div>
      {error === undefined ? null : <Trouble error={asError(error)} />}
    </div>
  );
}

const pngName = (array: ShownArray | undefined): string =>
  `${(array?.name ?? "array").replace(/[^\p{L}\p{N}]+/gu, "-")}.png`;
