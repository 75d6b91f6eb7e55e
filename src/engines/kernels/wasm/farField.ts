import type { ExitChange, LikelihoodKind, PieStep } from "../kernels.ts";
import { fftPlan } from "./fftPlan.ts";
import { type Places, type Planes, planesOf, type Row } from "./planes.ts";
import { operand, operands } from "./program.ts";

/** In the order of `assembly/engines/likelihood.ts`. */
export const KINDS: readonly LikelihoodKind[] = ["gaussian", "poisson", "intensity"];

/** Of `columnBlock` in `assembly/engines/farField.ts`. */
const LEAST_BLOCK = 128;

/** Bytes of scratch that a thread needs for a compound: columns of all modes at once, beside those that are transformed. */
export function farFieldScratch(modes: number, height: number, width: number): number {
  const { columnScratch, columnBytes } = fftPlan(height);
  const half = (columnScratch / 2 / columnBytes) * Math.max(columnBytes, LEAST_BLOCK);
  return Math.max(half * (modes + 1), fftPlan(width).rowScratch);
}

/** Options that records of compounds have in common, as `assembly/engines/farField.ts` reads them. */
function common(
  { windows, likelihood, misfit, mask }: Pick<ExitChange, "windows" | "likelihood" | "misfit" | "mask">,
  plans: readonly number[],
  work: Planes,
): number[] {
  const valid = mask === undefined ? [0, 0] : [planesOf(mask).at, planesOf(mask).pitch];
  const [windowsAt, misfitAt] = [(windows as Places).at, (misfit as Row).at];
  return [windowsAt, KINDS.indexOf(likelihood), misfitAt, ...valid, ...plans, work.modeStride, work.pitch];
}

/** Words of a record. @param plans addresses of those of the height and of the width */
export function exitChangeWords(terms: ExitChange, plans: readonly number[]): number[] {
  const [change, patches] = [planesOf(terms.change), planesOf(terms.patches)];
  return [
    ...operands(change.shape, planesOf(terms.object), planesOf(terms.probe), planesOf(terms.measured)),
    ...common(terms, plans, change),
    ...operand(change),
    ...operand(patches),
  ];
}

/** What is needed beside the operands. */
export interface PieRoom {
  readonly work: Planes;
  /** A patch, and a direction where windows lie between pixels. */
  readonly room: Planes;
  /** Two numbers a thread. */
  readonly most: Row;
}

export function pieStepWords(terms: PieStep, plans: readonly number[], { work, room, most }: PieRoom): number[] {
  const [probe, measured] = [planesOf(terms.probe), planesOf(terms.measured)];
  const [, modes, height, width] = probe.shape;
  const frames = terms.windows.frames;
  return [
    ...[frames, modes, height, width],
    ...operand(planesOf(terms.object)),
    // Modes follow each other also where there is one.
    ...[probe.at, 0, probe.modeStride, probe.pitch],
    ...operand(measured),
    ...common(terms, plans, work),
    ...[work.at, room.at, room.pitch, room.at + room.frameStride, most.at, most.at + 8 * most.each, 0, 0],
  ];
}
