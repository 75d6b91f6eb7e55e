import { amplitudeOf, type ComplexArray, phaseOf } from "../arrays.ts";
import type { Panel } from "../pictures/figure.ts";
import { meanPhaseAtZero } from "../pictures/meanPhase.ts";
import { phaseScale } from "../pictures/objectFigure.ts";

/** Pixels between the tiles. */
const GAP = 2;

/**
 * Patches side by side, as two panels: amplitudes and phases. The mean phase of all together, which is physically free, is
 * turned to zero: what one patch's phase is over another's is seen.
 * @param patches `[patch, y, x]`
 */
export function patchGrid(patches: ComplexArray): Panel[] {
  const phase = phaseOf(meanPhaseAtZero(patches));
  return [
    { ...tiled(patches.shape, amplitudeOf(patches)), title: "Patch amplitudes" },
    { ...tiled(patches.shape, phase), title: "Patch phases", unit: "rad", ...phaseScale(phase, undefined) },
  ];
}

function tiled(shape: readonly number[], values: Float32Array): Omit<Panel, "title"> {
  const [count, h, w] = shape as [number, number, number];
  const columns = Math.ceil(Math.sqrt(count));
  const height = Math.ceil(count / columns) * (h + GAP) - GAP;
  const width = columns * (w + GAP) - GAP;
  const image = new Float32Array(height * width);
  const mask = new Uint8Array(height * width);
  for (let k = 0; k < count; k++) {
    const corner = Math.floor(k / columns) * (h + GAP) * width + (k % columns) * (w + GAP);
    for (let i = 0; i < h; i++) {
      image.set(values.subarray((k * h + i) * w, (k * h + i + 1) * w), corner + i * width);
      mask.fill(1, corner + i * width, corner + i * width + w);
    }
  }
  return { image, height, width, mask };
}
