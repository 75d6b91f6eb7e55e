import type { ModelConfig } from "../config/modelConfig.ts";
import type { Dataset } from "../data/dataset.ts";
import { superposed } from "../optics/probeModes.ts";

/**
 * The scan as the physics sees it: where the probe's modes are coherent, |F(O Σ_p P_p)|² is the intensity of one mode, their
 * sum, which takes their place before anything is normalised by the probe's energy.
 */
export function withModeCoherence(dataset: Dataset, { modeCoherence }: Pick<ModelConfig, "modeCoherence">): Dataset {
  const { probe, provenance } = dataset;
  const modes = probe.shape[0];
  if (modeCoherence === "incoherent" || modes === 1) return dataset;
  const conversions = [
    ...provenance.conversions,
    `${modes} probe modes added up to one wave (mode_coherence coherent)`,
  ];
  return { ...dataset, probe: superposed(probe), provenance: { ...provenance, conversions } };
}
