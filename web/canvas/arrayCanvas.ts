import { PtychonautError } from "../../src/errors.ts";
import { type CanvasState, changedState, differences, type StateChange, startState } from "./canvasState.ts";
import { type ColourBar, drawColourBar } from "./colourBar.ts";
import { type Controls, pressKey } from "./controls.ts";
import { type Emitter, emitter } from "./emitter.ts";
import { attachGestures } from "./gestures.ts";
import { type Colouring, colouringOf } from "./look.ts";
import { drawOverlay } from "./overlay.ts";
import { makeParts } from "./parts.ts";
import { type Profile, profileAlong } from "./profile.ts";
import type { Layer, Painter } from "./scene.ts";
import { type Drawing, onPainterChange, painterFor } from "./sharedPainter.ts";
import { keptSheet, type Sheet } from "./sheet.ts";
import { type PreparedArray, prepareArray, type Reading, readingAt, type ShownArray } from "./shownArray.ts";
import { pngOf } from "./snapshot.ts";
import { tonesBeside } from "./tones.ts";
import { type Placement, placementOf } from "./view.ts";
import { describeArray, readingText } from "./words.ts";

/** Places over a picture: where the frames of a scan were taken. */
export interface Markers {
  /** `[frame, 2]` as (y, x) in pixels of the array, pixel centres at whole numbers. */
  readonly places: Float64Array;
  /** The frame at hand. */
  readonly current?: number;
  /** Size of a frame's window in pixels of the array, drawn around the frame at hand. */
  readonly window?: readonly [height: number, width: number];
}

export interface CanvasEvents {
  /** After every change, by the user or by `set`, with the names of what is other than before. */
  readonly change: { readonly state: CanvasState; readonly changed: readonly (keyof CanvasState)[] };
  /** The array's own numbers under the pointer or the cursor. */
  readonly reading: Reading | undefined;
  readonly profile: Profile | undefined;
  readonly drawing: Drawing;
  /** The frame whose marked place is nearest to where the user clicked, or to the cursor where Space was pressed. */
  readonly pick: number;
  /** Milliseconds that a frame took to be drawn. */
  readonly frame: number;
}

/** A picture of an array that can be moved, zoomed, read and measured, by pointer and by keyboard. */
export interface ArrayCanvas extends Pick<Emitter<CanvasEvents>, "on"> {
  readonly state: CanvasState;
  /** How the array is coloured: limits that were found, too. */
  readonly colouring: Colouring | undefined;
  /** By what it is drawn. */
  readonly drawing: Drawing | undefined;
  /**
   * Shows an array, or nothing. The view stays if the size does.
   * @throws PtychonautError "shape" when its parts disagree about the size
   */
  show(array: ShownArray | undefined): void;
  /**
   * Shows a second array right of a divider, in the colours of the first, until that has another size.
   * @throws PtychonautError "shape" when it has another size now
   */
  compare(array: ShownArray | undefined): void;
  mark(markers: Markers | undefined): void;
  set(change: StateChange): void;
  /** A pixel of the screen for a pixel of the array. */
  oneToOne(): void;
  /** Draws again, after the page's colours changed, say. */
  refresh(): void;
  /** What is seen, with its colours and numbers, in pixels of the screen. */
  png(): Promise<Blob>;
  dispose(): void;
}

/** Puts a canvas into an element that has a size of its own. */
export function arrayCanvas(host: HTMLElement): ArrayCanvas {
  const parts = makeParts(host);
  const { stage, picture, reading, divider } = parts;
  const { on, emit } = emitter<CanvasEvents>();
  const context = contextOf(picture);
  const sheets = [keptSheet(), keptSheet()] as const;
  let state = startState;
  let [first, second]: (PreparedArray | undefined)[] = [];
  let markers: Markers | undefined;
  let holding: { readonly painter: Painter; readonly arrays: readonly PreparedArray[] } | undefined;
  let drawing: Drawing | undefined;
  let frame: number | undefined;
  let read: readonly [number, number] | undefined;
  /** What the colour bar shows. */
  let barDrawn = "";

  const ratio = (): number => (stage.clientWidth === 0 ? 1 : picture.width / stage.clientWidth);
  const hatching = (): number => Math.max(3, Math.round(6 * ratio()));
  const placement = (array: PreparedArray): Placement => placementOf(state.view, array, picture);
  const refresh = (): void => {
    frame ??= requestAnimationFrame(() => {
      frame = undefined;
      draw();
    });
  };

  /** Whether other arrays are to be shown than those that the painter holds: a run may have more news than there are frames. */
  let stale = false;
  const showAnew = (): void => {
    stale = true;
    refresh();
  };

  /** Takes the painter that there is, for the arrays that there are. */
  function hold(alive = true): void {
    const arrays = [first, second].filter((array) => array !== undefined);
    const before = holding;
    stale = false;
    const taken = painterFor(arrays);
    holding = { painter: taken.painter, arrays };
    if (alive) for (const array of before?.arrays ?? []) before?.painter.release(array);
    if (JSON.stringify(drawing) !== JSON.stringify(taken.drawing)) {
      drawing = taken.drawing;
      emit("drawing", drawing);
      tellReading();
    }
  }

  function draw(): void {
    const began = performance.now();
    const { width, height } = picture;
    if (width === 0 || height === 0) return;
    if (stale) hold();
    if (first === undefined || holding === undefined) {
      context.clearRect(0, 0, width, height);
      parts.barPicture.width = 0;
      barDrawn = "";
      return;
    }
    const colouring = colouringOf(first, state.look);
    paint(first, holding.painter);
    const current = markers?.current;
    drawOverlay(
      context,
      { width, height },
      placement(first),
      {
        ...(state.line && { line: state.line }),
        ...(state.cursor && { cursor: state.cursor }),
        ...(markers && current !== undefined
          ? {
              frame: {
                ...{ y: markers.places[2 * current], x: markers.places[2 * current + 1] },
                ...{ height: markers.window?.[0] ?? 0, width: markers.window?.[1] ?? 0 },
              },
            }
          : {}),
        ...(first.pixelSizeM === undefined ? {} : { pixelSizeM: first.pixelSizeM }),
        ...(second === undefined ? {} : { divider: Math.round(state.swipe * width) }),
      },
      ratio(),
    );
    drawBar(colouring);
    emit("frame", performance.now() - began);
  }

  function paint(array: PreparedArray, painter: Painter): void {
    const { width, height } = picture;
    const colouring = colouringOf(array, state.look);
    const layer = {
      array,
      colouring,
      placement: placement(array),
      hatching: hatching(),
      unknown: tonesBeside(getComputedStyle(stage).color),
    };
    const edge = second === undefined ? width : Math.round(state.swipe * width);
    context.clearRect(0, 0, width, height);
    const put = (sheet: Sheet, of: Layer, from: number, to: number): void => {
      const pixels = sheet.update(painter, of, picture);
      if (to > from) context.drawImage(pixels, from, 0, to - from, height, from, 0, to - from, height);
    };
    put(sheets[0], layer, 0, edge);
    if (second !== undefined) {
      const colours = second.complex === array.complex ? colouring : colouringOf(second, state.look);
      put(sheets[1], { ...layer, array: second, colouring: colours }, edge, width);
    }
    if (markers !== undefined)
      painter.dots(
        { places: markers.places, placement: layer.placement, side: dotSide(array, markers) },
        picture,
        context,
      );
  }

  /** Smaller where dots would lie over one another. */
  function dotSide(array: PreparedArray, { places }: Markers): number {
    const apart = Math.sqrt((array.width * array.height) / Math.max(1, places.length / 2)) * placement(array).zoom;
    return Math.round(Math.min(4 * ratio(), Math.max(1, apart / 3)));
  }

  function drawBar(colouring: Colouring): void {
    const { bar, barPicture } = parts;
    const at = ratio();
    const [width, height] = [Math.round(bar.clientWidth * at), Math.round(bar.clientHeight * at)];
    const { color, fontFamily } = getComputedStyle(bar);
    const content: ColourBar = {
      ...{ colouring, height, ratio: at, ink: color, font: fontFamily, hatching: hatching() },
      title: colouring.quantity === "phase" ? "rad" : (first?.unit ?? ""),
      masked: [first, second].some((array) => array !== undefined && array.masked > 0),
      unknown: [first, second].some((array) => array !== undefined && array.unknown > 0)
        ? tonesBeside(color)
        : undefined,
    };
    // A picture that only moves has the bar that it had.
    const said = JSON.stringify([width, content]);
    if (said === barDrawn) return;
    barDrawn = said;
    [barPicture.width, barPicture.height] = [width, height];
    drawColourBar(contextOf(barPicture), content);
  }

  function describe(): void {
    if (first === undefined) stage.setAttribute("aria-label", "Nothing is shown.");
    else stage.setAttribute("aria-label", describeArray(first, colouringOf(first, state.look)));
  }

  function tellReading(): void {
    const found = first && read && readingAt(first, read[0], read[1]);
    reading.textContent = found && first ? readingText(first, found) : standing();
    emit("reading", found);
  }

  /** What the line below says while nothing is read. */
  const standing = (): string => (drawing?.why === undefined ? "" : `Drawn without WebGL2: ${drawing.why}.`);

  function tellProfile(): void {
    emit("profile", first && state.line && profileAlong(first, state.line));
  }

  function set(change: StateChange): void {
    const before = state;
    const next = changedState(state, change);
    const changed = differences(before, next);
    if (changed.length === 0) return;
    state = next;
    if (changed.includes("look")) describe();
    if (changed.includes("line")) tellProfile();
    if (changed.includes("tool")) stage.dataset["tool"] = state.tool;
    if (changed.includes("cursor")) reading.setAttribute("aria-live", state.cursor === undefined ? "off" : "polite");
    if (changed.includes("swipe")) placeDivider();
    emit("change", { state, changed });
    refresh();
  }

  function placeDivider(): void {
    divider.hidden = second === undefined;
    divider.style.left = `${100 * state.swipe}%`;
    divider.setAttribute("aria-valuenow", String(Math.round(100 * state.swipe)));
  }

  const controls = (): Controls => ({
    ...{ state, array: first, size: picture, ratio: ratio(), set },
    pick(y, x) {
      const nearest = markers && nearestPlace(markers.places, y, x);
      if (nearest !== undefined) emit("pick", nearest);
    },
    read(pixel) {
      read = pixel;
      tellReading();
    },
  });

  const ended = [
    attachGestures(parts, controls),
    onPainterChange(() => {
      hold(false);
      refresh();
    }),
    keepSize(stage, picture, draw), // at once: a canvas of a new size is empty
    onSchemeChange(refresh),
  ];
  describe();

  return {
    on,
    get state() {
      return state;
    },
    get colouring() {
      return first && colouringOf(first, state.look);
    },
    get drawing() {
      return drawing;
    },
    show(array) {
      const before = first;
      first = array && prepareArray(array);
      if (before && first && !sameSize(before, first))
        set({ view: startState.view, cursor: undefined, line: undefined });
      if (second && first && !sameSize(second, first)) second = undefined;
      placeDivider();
      showAnew();
      describe();
      tellReading();
      if (state.line !== undefined) tellProfile();
    },
    compare(array) {
      const given = array && prepareArray(array);
      if (given && first && !sameSize(given, first))
        throw new PtychonautError("shape", "arrays of different sizes do not lie over one another", {
          expected: `[${first.shape.join(", ")}], as ${first.name ?? "the first"}`,
          got: `[${given.shape.join(", ")}] of ${given.name ?? "the second"}`,
        });
      second = given;
      placeDivider();
      showAnew();
    },
    mark(given) {
      markers = given;
      refresh();
    },
    set,
    oneToOne: () => pressKey(controls(), "1", false),
    refresh,
    png() {
      draw();
      return pngOf(parts, ratio());
    },
    dispose() {
      if (frame !== undefined) cancelAnimationFrame(frame);
      for (const end of ended) end();
      for (const array of holding?.arrays ?? []) holding?.painter.release(array);
      parts.root.remove();
    },
  };
}

/** Of places (y, x) the one next to a point; none if there are none. */
function nearestPlace(places: Float64Array, y: number, x: number): number | undefined {
  let [nearest, least]: [number | undefined, number] = [undefined, Number.POSITIVE_INFINITY];
  for (let k = 0; 2 * k < places.length; k++) {
    const apart = Math.hypot(places[2 * k] - y, places[2 * k + 1] - x);
    if (apart < least) [nearest, least] = [k, apart];
  }
  return nearest;
}

const sameSize = (a: PreparedArray, b: PreparedArray): boolean => a.width === b.width && a.height === b.height;

function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext("2d");
  if (context === null) throw new PtychonautError("device", "this browser draws on no canvas");
  return context;
}

/** Gives a canvas exactly the pixels of the screen that its element covers. */
function keepSize(element: HTMLElement, canvas: HTMLCanvasElement, then: () => void): () => void {
  const observer = new ResizeObserver(([entry]) => {
    const { inlineSize, blockSize } = entry.contentBoxSize[0];
    const exact = entry.devicePixelContentBoxSize?.[0];
    // Where the scale is only pretended the browser says pixels of the page.
    const told = exact !== undefined && Math.abs(exact.inlineSize - inlineSize * devicePixelRatio) < 1.5;
    canvas.width = told ? exact.inlineSize : Math.round(inlineSize * devicePixelRatio);
    canvas.height = told ? exact.blockSize : Math.round(blockSize * devicePixelRatio);
    then();
  });
  try {
    observer.observe(element, { box: "device-pixel-content-box" });
  } catch {
    observer.observe(element); // a browser that does not say
  }
  return () => observer.disconnect();
}

/** Calls when the page's colours turn dark or light. */
function onSchemeChange(then: () => void): () => void {
  const query = matchMedia("(prefers-color-scheme: dark)");
  query.addEventListener("change", then);
  return () => query.removeEventListener("change", then);
}
