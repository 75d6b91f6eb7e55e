/** Arrays that the tests make on both sides: here as what they are compared with, and in the page as what is shown. */
export interface MadeArray {
  readonly shape: readonly [height: number, width: number];
  readonly data: Float32Array;
  readonly complex: boolean;
  readonly name: string;
  readonly unit?: string;
  readonly known?: Uint8Array;
  readonly mask?: Uint8Array;
  readonly pixelSizeM?: number;
}

export type ArrayName = "object" | "scaled" | "pattern" | "flat" | "large";

export const SIZE = [150, 203] as const;

export const makers: Readonly<Record<ArrayName, () => MadeArray>> = {
  /** Phases all the way around, amplitudes from 0.2 to 1, a corner that is not known. */
  object: () => ({ ...waves(SIZE), known: corner(SIZE) }),
  scaled: () => ({ ...waves(SIZE), pixelSizeM: 2e-8 }),
  /** Counts over five powers of ten, with a masked gap and a number that is none. */
  pattern() {
    const [height, width] = [128, 128];
    const data = Float32Array.from({ length: height * width }, (_, i) => {
      const [y, x] = [Math.floor(i / width) - 64, (i % width) - 64];
      return Math.floor(3e5 / (1 + (y * y + x * x) / 3) ** 1.4);
    });
    data[5 * width + 7] = Number.NaN;
    const mask = Uint8Array.from(data, (_, i) => (i % width >= 40 && i % width < 48 ? 0 : 1));
    return { shape: [height, width], data, complex: false, name: "frame 3", unit: "counts", mask };
  },
  /** As large as the object, and the same everywhere. */
  flat: () => ({ ...waves(SIZE), data: new Float32Array(2 * SIZE[0] * SIZE[1]).fill(0.5), name: "flat" }),
  large: () => ({ ...waves([4096, 4096]), pixelSizeM: 2e-8 }),
};

function waves([height, width]: readonly [number, number]): MadeArray {
  const row = (x: number): readonly number[] => [
    Math.cos(x / 11),
    Math.cos(2.9 * Math.sin(x / 17)),
    Math.sin(2.9 * Math.sin(x / 17)),
  ];
  const across = Array.from({ length: width }, (_, x) => row(x));
  const data = new Float32Array(2 * height * width);
  for (let y = 0; y < height; y++) {
    const [wave, c, s] = [Math.sin(y / 7), Math.cos(y / 29), Math.sin(y / 29)];
    for (let x = 0; x < width; x++) {
      const [other, cos, sin] = across[x];
      const amplitude = 0.6 + 0.4 * wave * other;
      const at = 2 * (y * width + x);
      data[at] = amplitude * (c * cos - s * sin);
      data[at + 1] = amplitude * (c * sin + s * cos);
    }
  }
  return { shape: [height, width], data, complex: true, name: "object" };
}

const corner = ([height, width]: readonly [number, number]): Uint8Array =>
  Uint8Array.from({ length: height * width }, (_, i) => (Math.floor(i / width) < 20 && i % width < 30 ? 0 : 1));
