import type { ComplexArray, RealArray } from "../arrays.ts";
import { PtychonautError } from "../errors.ts";
import { concat, expand, reshape } from "../graph/ops/layout.ts";
import { perGraph } from "../graph/perGraph.ts";
import type { Graph, Tensor } from "../graph/tensor.ts";
import type { InputConditioning } from "./generator.ts";

/**
 * Images with channels behind them that are the same for all of a scan: its probe, or where on the detector a pixel is.
 * @param x `[image, channel, N, N]`
 * @param probe `[1, 2, N, N]`, or for each of as many groups of images its own, `[group, 2, N, N]`
 * @throws PtychonautError "usage" when the probe is wanted and missing
 */
export function conditioned(x: Tensor, conditioning: InputConditioning, probe?: Tensor): Tensor {
  switch (conditioning) {
    case "diffraction_only":
      return x;
    case "coordinate_grid":
      return withChannels(x, coordinates(x.graph, x.shape[2]));
    case "probe_real_imag":
      if (probe === undefined) throw new PtychonautError("usage", "this network needs to see the probe");
      return withChannels(x, probe);
  }
}

const withChannels = (x: Tensor, channels: Tensor): Tensor => concat([x, expanded(channels, x.shape[0])], 1);

/**
 * What each group of images has, for every image; what all have stays one, and broadcasts.
 * @param channels `[1, k, N, N]` or `[group, k, N, N]`
 */
export const perImage = (channels: Tensor, images: number): Tensor =>
  channels.shape[0] === 1 ? channels : expanded(channels, images);

/** `[group, k, N, N]` → `[images, k, N, N]`, the images of a group one after the other. */
function expanded(channels: Tensor, images: number): Tensor {
  const [groups, ...own] = channels.shape as [number, ...number[]];
  const repeated = expand(reshape(channels, [groups, 1, ...own]), [groups, images / groups, ...own]);
  return reshape(repeated, [images, ...own]);
}

/** y, then x, from −1 to 1, zero at index floor(N/2), `[1, 2, N, N]`. */
const coordinates: (graph: Graph, N: number) => Tensor = perGraph((graph, N) => {
  const at = (i: number): number => (2 * (i - Math.floor(N / 2))) / N;
  const y = Array.from({ length: N * N }, (_, i) => at(Math.floor(i / N)));
  const x = Array.from({ length: N * N }, (_, i) => at(i % N));
  return graph.constant(Float32Array.from([...y, ...x]), [1, 2, N, N]);
});

/**
 * Real and imaginary part of the mode that has most of the energy: a network then fits probes of any number of modes.
 * @param probe `[mode, N, N]`, scaled to Σ|P|² = (N/2)² like the patterns
 * @returns `[1, 2, N, N]`
 */
export function probeChannels({ shape, data }: ComplexArray): RealArray {
  const [modes, height, width] = shape as [number, number, number];
  const size = height * width;
  const energy = new Float64Array(modes);
  for (let i = 0; i < data.length; i++) energy[Math.floor(i / (2 * size))] += data[i] ** 2;
  const main = energy.indexOf(Math.max(...energy));
  const channels = new Float32Array(2 * size);
  for (let i = 0; i < size; i++) {
    channels[i] = data[2 * (main * size + i)];
    channels[size + i] = data[2 * (main * size + i) + 1];
  }
  return { shape: [1, 2, height, width], data: channels };
}
