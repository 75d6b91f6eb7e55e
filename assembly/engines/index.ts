export { fftRows } from "./fftRows";
export { fourier, fourierColumns, fourierRows } from "./fourier";
export {
  COMBINE, CUT, DIVIDE, ELEMENTWISE, EXIT_CHANGE, FILL, FILL_NUMBERS, FOURIER, LARGEST, LIKELIHOOD, PASTE, PIE_STEP,
  RAMPS, RECIPROCAL, STEP_OVERLAPS, SUMS, ZERO, run,
} from "./run";
/** Where memory that is not the module's own begins. */
export const HEAP = __heap_base;
