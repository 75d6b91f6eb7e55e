import { dirname, resolve } from "node:path";
import { readBundle } from "../../bundle/bundle.ts";
import type { TrainingPayload } from "../../config/payload.ts";
import { PtychonautError } from "../../errors.ts";
import { predictionGraph } from "../../inference/predictionModel.ts";
import { checkValues, type ParameterValues } from "../../nets/parameters.ts";
import { bundleName, locateBundle } from "../../node/files/bundleFiles.ts";
import { readBytes, sha256 } from "../../node/files/files.ts";

/** A trained network that another training starts from. */
export interface InitialWeights {
  readonly path: string;
  readonly sha256: string;
  readonly values: ParameterValues;
}

/**
 * The weights of the bundle that `init_from` names.
 * @throws PtychonautError "bundle" when it is none or not of this very network; "usage" when the run would overwrite it
 */
export async function initialWeights({
  training: { initFrom },
  model,
  outputDir,
}: TrainingPayload): Promise<InitialWeights | undefined> {
  if (initFrom === null) return undefined;
  const path = await locateBundle(initFrom);
  if (resolve(path) === resolve(outputDir, bundleName)) {
    throw new PtychonautError("usage", "init_from names the model that this training would overwrite", {
      where: dirname(path),
      fix: "choose another output_dir",
    });
  }
  const bytes = await readBytes(path);
  const { weights } = readBundle(bytes, path);
  const values = Object.fromEntries([...weights].map(([name, { data }]) => [name, data]));
  checkValues(predictionGraph(model, 1).specs, values, path);
  return { path, sha256: sha256(bytes), values };
}
