import type { LinesSetup } from "../src/benchmark/linesData.ts";
import type { Settings } from "../src/config/group.ts";

/** How a small network learns the grid-lines data, by what is not as in `base`. */
export interface Trial {
  readonly data?: Partial<LinesSetup>;
  readonly model?: Settings;
  readonly training?: Settings;
  /** Groups in a batch. Default 4. */
  readonly batch?: number;
  /** Learning rate. Default 1e-3. */
  readonly rate?: number;
  /** Half a cosine down to a twentieth of the rate, or the rate as it is. Default cosine. */
  readonly schedule?: "cosine" | "constant";
  /** Patterns (groups) that it sees, over those of the base: for networks that take longer. Default 1. */
  readonly samples?: number;
}

export const trials: Readonly<Record<string, Trial>> = {
  base: {},
  standardised: { model: { standardiseInput: true } },
  standardised16: { batch: 16, model: { standardiseInput: true } },
  unrolled: { batch: 16, model: { architecture: "unrolled" } },
  unrolledTwo: { batch: 16, model: { architecture: "unrolled", unrolledStages: 2 } },
  unrolledNarrow: { batch: 16, model: { architecture: "unrolled", unrolledWidth: 8 } },
  unrolledDeep: { batch: 16, model: { architecture: "unrolled", unrolledStages: 8, unrolledWidth: 8 } },
  unrolledIdeal: { batch: 16, data: { probe: "ideal" }, model: { architecture: "unrolled", unrolledWidth: 8 } },
  unrolledGroups: {
    data: { gridsize: 2 },
    model: { architecture: "unrolled", trainingPatchWeighting: "probe" },
    samples: 0.25,
  },
  unrolledGroupsNarrow: {
    data: { gridsize: 2 },
    model: { architecture: "unrolled", unrolledWidth: 8, trainingPatchWeighting: "probe" },
    samples: 0.25,
  },
  unrolledGroupsIdeal: {
    data: { gridsize: 2, probe: "ideal" },
    model: { architecture: "unrolled", unrolledWidth: 8, trainingPatchWeighting: "probe" },
    samples: 0.25,
  },
  unrolledGroupsMask: { data: { gridsize: 2 }, model: { architecture: "unrolled" }, samples: 0.25 },
  standardisedGroups: { data: { gridsize: 2 }, model: { standardiseInput: true, trainingPatchWeighting: "probe" } },
  batch2: { batch: 2 },
  batch8: { batch: 8 },
  batch16: { batch: 16 },
  constant: { schedule: "constant" },
  batch16constant: { batch: 16, schedule: "constant" },
  standardisedConstant: { schedule: "constant", model: { standardiseInput: true } },
  unrolledConstant: { batch: 16, schedule: "constant", model: { architecture: "unrolled", unrolledWidth: 8 } },
  rate3e3: { rate: 3e-3 },
  rate3e4: { rate: 3e-4 },
  poisson: { training: { lossFunction: "poisson" } },
  log1p: { model: { fnoInputTransform: "log1p" } },
  border4: { model: { borderChannels: 4 } },
  noBorder: { model: { probeBig: false } },
  sigmoid: { model: { ampActivation: "sigmoid" } },
  realImag: { model: { cnnOutputMode: "real_imag" } },
  shared: { model: { sharedDecoder: true } },
  torch: { model: { initialization: "torch" } },
  glorot: { model: { initialization: "glorot" } },
  wide: { model: { nFiltersScale: 2 }, samples: 0.3 },
  ideal: { data: { probe: "ideal" } },
  groups: { data: { gridsize: 2 } },
  groupsSingle: { data: { gridsize: 2 }, model: { objectBig: false } },
  groupsIdeal: { data: { gridsize: 2, probe: "ideal" } },
};
