import { setting } from "../../errors.ts";
import { gaussianTransfer } from "../../numerics/periodicGaussian.ts";
import type { Experiment } from "../experiment.ts";
import type { Images } from "../kernels/kernels.ts";
import type { NumberSetting } from "../settings.ts";
import type { Wrapper } from "../wrapper.ts";
import type { Optics, WrapperRun } from "../wrapperRun.ts";

export type BlurSettings = { readonly blurSigma: number };

const blurSigma: NumberSetting = {
  ...{ name: "blurSigma", kind: "real", default: 0.5, above: 0 },
  help: "width of the detector's point spread, the standard deviation of a Gaussian, in detector pixels.",
};

/** A detector that spreads a pixel over more of a pattern than this leaves nothing of it. */
const WIDEST = 1 / 8;

/**
 * The detector spreads what falls on a pixel over its neighbours: Î = K Σ_m |Ψ_m|² with a Gaussian K, and what data ask of
 * |Ψ|² is K of what they ask of Î, since K is symmetric. Light that leaves the image on one side comes in on the other, as in
 * the transforms that made it: where a pattern is bright at its rim, mask the rim. A partially coherent beam blurs patterns
 * alike where the probe hardly varies over its coherence; several probe modes are the better model of that.
 */
export const detectorBlur: Wrapper<BlurSettings> = {
  name: "blur",
  about: "takes the detector's point spread into account",
  settings: [blurSigma],
  optics: true,
  outside({ blurSigma }, sides) {
    const widest = WIDEST * Math.min(...sides);
    return blurSigma <= widest
      ? undefined
      : {
          why: `blur_sigma ${blurSigma} is above an eighth of the patterns' ${Math.min(...sides)} pixels`,
          fix: `say it in detector pixels, ${setting("blur_sigma", widest)} at most`,
        };
  },
  init: (experiment, { blurSigma }) => new DetectorBlur(experiment, blurSigma),
};

class DetectorBlur implements WrapperRun {
  readonly optics: Optics;

  constructor({ kernels, probe, batchSize }: Experiment, sigma: number) {
    const [, , height, width] = probe.shape;
    const transfer = kernels.images([1, 1, height, width]);
    kernels.write(transfer, gaussianTransfer([height, width], sigma));
    const one = kernels.waves([1, 1, height, width]);
    kernels.fill(one, 1);
    const waves = kernels.waves([batchSize, 1, height, width]);
    const squares = kernels.images([batchSize, 1, height, width]);
    const spread = (images: Images): void => {
      const room = kernels.frames(waves, 0, images.shape[0]);
      kernels.scale(room, one, images);
      kernels.fourier(room, room, "forward");
      kernels.scale(room, room, transfer);
      kernels.fourier(room, room, "inverse");
      kernels.interference(images, one, room);
    };
    /** |images|: where no light falls, rounding leaves less than nothing, of which likelihoods know no root. */
    const positive = (images: Images): void => {
      const [room, square] = [kernels.frames(waves, 0, images.shape[0]), kernels.frames(squares, 0, images.shape[0])];
      kernels.multiplyImages(square, images, images);
      kernels.scale(room, one, square);
      kernels.divide(room, room, images, { form: "quadrature", alpha: 0, most: 0 });
      kernels.interference(images, one, room);
    };
    this.optics = {
      detector(expected) {
        spread(expected);
        positive(expected);
      },
      detectorLinear: spread,
      detectorAdjoint: spread,
    };
  }
}
