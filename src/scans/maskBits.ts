/** CXI's and NeXus' bit for a pixel that has a signal, which is no defect. */
export const HAS_SIGNAL = 0x1000;

/** The bits of a mask's value that tell a defect. Negative and large numbers have no place in 32 bits. */
export const defectsIn = (value: number, harmless: number = HAS_SIGNAL): number => (value >>> 0) & ~harmless;
