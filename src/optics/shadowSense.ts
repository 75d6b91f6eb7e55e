import type { ComplexArray } from "../arrays.ts";

/**
 * Whether light goes outwards where the probe is off its middle, as behind a focus (towards 1), or inwards, as before it
 * (towards −1); 0 in focus. A pattern is then a shadow image of the object, upright or upside down: the correlation of place
 * and direction, both weighted by the light, over the probe's modes.
 * @param probe `[mode, n, n]`, centred at floor(n / 2)
 */
export function shadowSense({ shape, data }: ComplexArray): number {
  const [modes, height, width] = shape as [number, number, number];
  let [together, places, directions] = [0, 0, 0];
  const add = (a: number, b: number, place: number): void => {
    const [re, im] = [
      data[2 * a] * data[2 * b] + data[2 * a + 1] * data[2 * b + 1],
      data[2 * a] * data[2 * b + 1] - data[2 * a + 1] * data[2 * b],
    ];
    const light = Math.hypot(re, im);
    const direction = Math.atan2(im, re);
    together += light * place * direction;
    places += light * place * place;
    directions += light * direction * direction;
  };
  for (let mode = 0; mode < modes; mode++)
    for (let y = 0; y + 1 < height; y++)
      for (let x = 0; x + 1 < width; x++) {
        const at = (mode * height + y) * width + x;
        add(at, at + 1, x + 0.5 - Math.floor(width / 2));
        add(at, at + width, y + 0.5 - Math.floor(height / 2));
      }
  const norm = Math.sqrt(places * directions);
  return norm > 0 ? together / norm : 0;
}
