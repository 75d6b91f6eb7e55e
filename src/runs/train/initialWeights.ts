import { readBundle } from "../../bundle/bundle.ts";
import type { TrainingPayload } from "../../config/payload.ts";
import { PtychonautError } from "../../errors.ts";
import { predictionGraph } from "../../inference/predictionModel.ts";
import { checkValues, type ParameterValues } from "../../nets/parameters.ts";
import { locateBundle } from "../inputs/bundleFiles.ts";
import type { Home } from "../machine.ts";
import { outputs } from "../outputs.ts";
import { folderOf, joinPath } from "../paths.ts";

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
export async function initialWeights(
  { training: { initFrom }, model, outputDir }: TrainingPayload,
  { machine, store }: Home,
): Promise<InitialWeights | undefined> {
  if (initFrom === null) return undefined;
  const path = await locateBundle(initFrom, store);
  if (store.absolute(path) === store.absolute(joinPath(outputDir, outputs.model))) {
    throw new PtychonautError("usage", "init_from names the model that this training would overwrite", {
      where: folderOf(path),
      fix: "choose another output_dir",
    });
  }
  const bytes = await store.read(path);
  const { weights } = readBundle(bytes, path);
  const values = Object.fromEntries([...weights].map(([name, { data }]) => [name, data]));
  checkValues(predictionGraph(model, 1).specs, values, path);
  return { path, sha256: await machine.sha256(bytes), values };
}
