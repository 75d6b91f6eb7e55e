import type { ComplexArray } from "../../arrays.ts";
import { writeNpz } from "../../formats/npz.ts";
import { probeFigure } from "../../pictures/probeFigure.ts";
import { outputs } from "../outputs.ts";
import { joinPath } from "../paths.ts";
import type { PictureFiles } from "../pictureFiles.ts";
import type { RunStore } from "../store.ts";

export interface RefinedProbe {
  /** `[mode, N, N]` as the scan file has it. */
  readonly start: ComplexArray;
  /** `[mode, N, N]` on the physics' scale. */
  readonly trained: ComplexArray;
  /** Factor from the file's scale to the physics'. */
  readonly probeScale: number;
  /** Side of an object pixel, where it is known. */
  readonly pixelSizeM?: number;
}

/**
 * Writes `NAME.npz`, with `probeGuess` (the trained probe as a scan file may have it: complex64 `[mode, y, x]`, on the
 * scale of the file's probe) and `probeStart`, and a picture, `NAME`, which shows both.
 * @returns the paths of the files
 */
export async function writeProbeFiles(
  folder: string,
  name: string,
  { start, trained, probeScale, pixelSizeM }: RefinedProbe,
  store: RunStore,
  pictures: PictureFiles,
): Promise<string[]> {
  const { shape } = trained;
  const onFileScale = trained.data.map((value) => value / probeScale);
  const arrays = {
    probeGuess: { shape, dtype: "complex64", data: onFileScale },
    probeStart: { shape: start.shape, dtype: "complex64", data: start.data },
  } as const;
  const npz = joinPath(folder, `${name}.npz`);
  await store.write(npz, writeNpz(arrays));
  const fields = { start, trained: { shape, data: onFileScale } };
  const options = pixelSizeM === undefined ? {} : { pixelSizeM };
  return [npz, ...(await pictures.write(joinPath(folder, name), () => probeFigure(fields, options)))];
}

/** The arrays alone, as `probe.npz`: beside a reconstruction, whose pictures have the probe. @returns its path, alone */
export const writeProbeArrays = (folder: string, refined: RefinedProbe, store: RunStore): Promise<string[]> =>
  writeProbeFiles(folder, outputs.probe(0, 1), refined, store, { write: async () => [] });
