import type { StitchedImage } from "../../benchmark/score.ts";
import type { Image } from "../../metrics/image.ts";
import { figure, type Panel } from "../../pictures/figure.ts";
import { compatImages } from "../../reference/compat.ts";
import { outputs } from "../outputs.ts";
import { joinPath } from "../paths.ts";
import type { PictureFiles } from "../pictureFiles.ts";

/**
 * Pictures of every test image as its metrics compare it (amplitudes of equal mean, phases without their planes):
 * `truth_K`, `reconstruction_K` on the truth's scale, and `error_K`.
 */
export async function writePictures(
  folder: string,
  images: readonly StitchedImage[],
  pictures: PictureFiles,
): Promise<string[]> {
  const files: string[] = [];
  for (const [k, { reconstruction, truth }] of images.entries()) {
    const { amplitude, phase } = compatImages(reconstruction, truth);
    const pairs = [
      { ...amplitude, title: "Amplitude" },
      { ...phase, title: "Phase", unit: "rad" },
    ];
    const sheets = {
      truth: pairs.map((pair) => panel(pair, pair.truth, spanOf(pair.truth, pair.prediction))),
      reconstruction: pairs.map((pair) => panel(pair, pair.prediction, spanOf(pair.truth, pair.prediction))),
      error: pairs.map((pair) => {
        const error = pair.prediction.data.map((value, i) => value - pair.truth.data[i]);
        return panel({ ...pair, title: `${pair.title}: error` }, { ...pair.truth, data: error });
      }),
    };
    for (const [name, panels] of Object.entries(sheets)) {
      const path = joinPath(folder, outputs.benchmark.picture(name, k));
      files.push(...(await pictures.write(path, () => figure(panels))));
    }
  }
  return files;
}

function panel(
  { title, unit }: { readonly title: string; readonly unit?: string },
  { shape: [height, width], data }: Image,
  limits?: readonly [number, number],
): Panel {
  return {
    ...{ title, height, width, image: Float32Array.from(data) },
    ...(unit === undefined ? {} : { unit }),
    ...(limits === undefined ? {} : { limits }),
  };
}

/** Least and greatest value of the truth; of the reconstruction where the truth is flat. */
function spanOf(truth: Image, prediction: Image): readonly [number, number] {
  const limits = ({ data }: Image): [number, number] => [
    data.reduce((a, b) => Math.min(a, b)),
    data.reduce((a, b) => Math.max(a, b)),
  ];
  const [low, high] = limits(truth);
  return high - low > 1e-6 ? [low, high] : limits(prediction);
}
