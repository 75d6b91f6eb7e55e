import { amplitudeOf, type ComplexArray } from "../../arrays.ts";
import { writeNpz } from "../../formats/npz.ts";
import { type Panel, renderFigure } from "../../pictures/figure.ts";
import { objectPanels } from "../../pictures/objectFigure.ts";
import { joinPath } from "../paths.ts";
import type { RunStore } from "../store.ts";

export interface RefinedProbe {
  /** `[mode, N, N]` as the scan file has it. */
  readonly start: ComplexArray;
  /** `[mode, N, N]` on the physics' scale. */
  readonly trained: ComplexArray;
  /** Factor from the file's scale to the physics'. */
  readonly probeScale: number;
  /** Side of an object pixel, where it is known. */
  readonly pixelSizeM?: number;
}

/** Modes that the picture shows. */
const SHOWN = 3;
/** Part of the largest amplitude under which a mode's phase is noise. */
const DARK = 0.05;

/**
 * Writes `NAME.npz`, with `probeGuess` (the trained probe as a scan file may have it: complex64 `[mode, y, x]`, on the
 * scale of the file's probe) and `probeStart`, and `NAME.png`, which shows both.
 * @returns the paths of the files
 */
export async function writeProbeFiles(
  folder: string,
  name: string,
  { start, trained, probeScale, pixelSizeM }: RefinedProbe,
  store: RunStore,
): Promise<string[]> {
  const { shape } = trained;
  const onFileScale = trained.data.map((value) => value / probeScale);
  const arrays = {
    probeGuess: { shape, dtype: "complex64", data: onFileScale },
    probeStart: { shape, dtype: "complex64", data: start.data },
  } as const;
  const panels = Array.from({ length: Math.min(SHOWN, shape[0]) }, (_, mode) => [
    ...panelsOf({ shape, data: start.data }, mode, "start"),
    ...panelsOf({ shape, data: onFileScale }, mode, "trained"),
  ]);
  const [npz, png] = [joinPath(folder, `${name}.npz`), joinPath(folder, `${name}.png`)];
  await store.write(npz, writeNpz(arrays));
  await store.write(
    png,
    renderFigure(panels.flat(), { panelSize: 192, ...(pixelSizeM === undefined ? {} : { pixelSizeM }) }),
  );
  return [npz, png];
}

function panelsOf({ shape, data }: ComplexArray, mode: number, name: string): Panel[] {
  const [, height, width] = shape as [number, number, number];
  const size = 2 * height * width;
  const field = { shape: [height, width], data: data.subarray(mode * size, (mode + 1) * size) };
  const amplitude = amplitudeOf(field);
  const brightest = amplitude.reduce((a, b) => Math.max(a, b), 0);
  const lit = amplitude.map((value) => (value > DARK * brightest ? 1 : 0));
  const { amplitude: first, phase } = objectPanels(field, lit, shape[0] === 1 ? name : `${name} ${mode + 1}`);
  return [first, phase];
}
