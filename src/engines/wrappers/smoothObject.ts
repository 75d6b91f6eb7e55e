import type { NumberSetting } from "../settings.ts";
import type { Wrapper } from "../wrapper.ts";
import { everyEpoch } from "./everyEpoch.ts";

type SmoothSettings = { readonly smoothing: number };

const smoothing: NumberSetting = {
  ...{ name: "smoothing", kind: "real", default: 0.01, above: 0, max: 1 / 8 },
  help: "part of the way from a pixel to the mean of its four neighbours, times four; 1/8 at most, beyond which detail turns over.",
};

/**
 * One step of diffusion after every epoch, O ← O + a ΔO with the Laplacian of four neighbours: the gradient step of
 * ½ Σ |∇O|². Borders mirror.
 */
export const smoothObject: Wrapper<SmoothSettings> = {
  name: "smooth",
  about: "smooths the object a little after every epoch",
  settings: [smoothing],
  init: (experiment, { smoothing }) =>
    everyEpoch(experiment, "object", ({ values, shape: [planes, height, width] }) => {
      const [row, plane] = [2 * width, 2 * width * height];
      const before = values.slice();
      for (let k = 0; k < planes; k++)
        for (let i = k * plane; i < (k + 1) * plane; i++) {
          const at = i - k * plane;
          const others = [
            at >= row ? i - row : i,
            at + row < plane ? i + row : i,
            at % row >= 2 ? i - 2 : i,
            at % row < row - 2 ? i + 2 : i,
          ];
          for (const other of others) values[i] += smoothing * (before[other] - before[i]);
        }
    }),
};
