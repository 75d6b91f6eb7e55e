/** Every network halves its images three times, and has something left to see. */
const MULTIPLE = 8;
const LEAST = 32;

/** Sides to cut or to fill patterns up to. */
export interface SideAdvice {
  /** Absent where they are too small to be cut. */
  readonly crop?: number;
  readonly pad: number;
}

/** What networks can do with patterns of this size: undefined where it fits them. */
export function sideAdvice(height: number, width: number): SideAdvice | undefined {
  const fits = height === width && height >= LEAST && height % MULTIPLE === 0;
  if (fits) return undefined;
  const crop = Math.floor(Math.min(height, width) / MULTIPLE) * MULTIPLE;
  const pad = Math.max(LEAST, Math.ceil(Math.max(height, width) / MULTIPLE) * MULTIPLE);
  return { ...(crop >= LEAST ? { crop } : {}), pad };
}

/** In words. */
export const sideRule: string = `square patterns of side N: ${LEAST} pixels or more, a multiple of ${MULTIPLE}`;
