import type { ComplexImage } from "../../src/metrics/image.ts";
import { planFft2 } from "../../src/numerics/fft.ts";

/** Moves an image's content by (dy, dx) pixels with a phase ramp in frequency space; what leaves comes in opposite. */
export function fourierShift(image: ComplexImage, [dy, dx]: readonly [y: number, x: number]): ComplexImage {
  const [height, width] = image.shape;
  const fft = planFft2(image.shape);
  const spectrum = fft.forward(image.data);
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) {
      const turns = ((i - Math.floor(height / 2)) * dy) / height + ((j - Math.floor(width / 2)) * dx) / width;
      const [c, s] = [Math.cos(2 * Math.PI * turns), -Math.sin(2 * Math.PI * turns)];
      const at = 2 * (i * width + j);
      const [re, im] = [spectrum[at], spectrum[at + 1]];
      spectrum[at] = re * c - im * s;
      spectrum[at + 1] = re * s + im * c;
    }
  }
  return { shape: image.shape, data: fft.inverse(spectrum) };
}
