import { planFft2 } from "./fft.ts";
import { gaussianKernel } from "./gaussianFilter.ts";

/**
 * What the discrete Fourier transform of an image is multiplied by to blur it with a Gaussian, `[h, w]`, zero frequency at
 * index 0: that of the sampled kernel of sum 1, which has no negative weights, wrapped about the image's edges. Real and even,
 * so that the blur is its own adjoint, and light is neither lost nor made.
 *
 * @param sigma standard deviation in pixels
 */
export function gaussianTransfer(
  [height, width]: readonly [height: number, width: number],
  sigma: number,
): Float64Array {
  const [down, right] = [axisTransfer(height, sigma), axisTransfer(width, sigma)];
  return Float64Array.from({ length: height * width }, (_, i) => down[Math.floor(i / width)] * right[i % width]);
}

function axisTransfer(side: number, sigma: number): Float64Array {
  const kernel = gaussianKernel(sigma);
  const radius = (kernel.length - 1) / 2;
  return Float64Array.from({ length: side }, (_, u) =>
    kernel.reduce((sum, weight, k) => sum + weight * Math.cos((2 * Math.PI * u * (k - radius)) / side), 0),
  );
}

/** Blurs images of one size by that transfer, each in place. */
export function periodicGaussian(
  shape: readonly [height: number, width: number],
  sigma: number,
): (image: Float64Array) => void {
  const [height, width] = shape;
  const transfer = gaussianTransfer(shape, sigma);
  const plan = planFft2(shape);
  const [down, right] = [Math.ceil(height / 2), Math.ceil(width / 2)];
  return (image) => {
    const wave = new Float64Array(2 * image.length);
    for (let i = 0; i < image.length; i++) wave[2 * i] = image[i];
    plan.forward(wave, wave);
    // The plan has zero frequency at floor(n / 2).
    for (let i = 0; i < image.length; i++) {
      const [y, x] = [(Math.floor(i / width) + down) % height, ((i % width) + right) % width];
      wave[2 * i] *= transfer[y * width + x];
      wave[2 * i + 1] *= transfer[y * width + x];
    }
    plan.inverse(wave, wave);
    // Rounding may leave less than nothing where there is no light.
    for (let i = 0; i < image.length; i++) image[i] = Math.max(0, wave[2 * i]);
  };
}
