import type { Settings } from "../config/group.ts";
import { setting, unknownName } from "../errors.ts";
import type { LinesSetup } from "./linesData.ts";

/** A pair of published numbers, of the amplitude and of the phase. */
export type AmplitudeAndPhase = readonly [amplitude: number, phase: number];

/** What a publication or a record of the reference system says, in its own metrics (`compat`). */
export interface PublishedNumbers {
  readonly mae?: AmplitudeAndPhase;
  readonly psnr?: AmplitudeAndPhase;
  readonly ssim?: AmplitudeAndPhase;
  readonly msSsim?: AmplitudeAndPhase;
  /** Of the amplitude. */
  readonly frc50?: number;
}

/** A published row: which data, which settings, which numbers. */
export interface BenchmarkRow {
  readonly name: string;
  readonly title: string;
  readonly source: string;
  readonly data: Partial<LinesSetup>;
  readonly settings: Settings;
  readonly seed: number;
  readonly published: PublishedNumbers;
}

/** Settings of every row, unless it says otherwise, and of a run without a row. */
export const commonSettings: Settings = {
  gridsize: 1,
  maxEpochs: 60,
  batchSize: 16,
  lossFunction: "mae",
  learningRate: 1e-3,
  scheduler: "ReduceLROnPlateau",
  plateauFactor: 0.5,
  plateauPatience: 2,
  plateauMinLr: 1e-4,
  // The last rows of the last image, as the reference system holds back the last 5 %.
  validationFraction: 0.05,
  splitMode: "spatial",
};

/** The TensorFlow network makes the border from four features, whatever the gridsize. */
const tensorFlow: Settings = { borderChannels: 4 };

const overlapRow = (
  name: string,
  title: string,
  [probe, gridsize, lossFunction]: readonly [LinesSetup["probe"], number, string],
  published: PublishedNumbers,
): BenchmarkRow => ({
  ...{ name, title, published, seed: 42 },
  source: "arXiv 2602.21361, overlap ablation: TensorFlow, 60 epochs",
  data: { n: 64, gridsize, probe, setPhi: false },
  settings: { gridsize, lossFunction, ...tensorFlow },
});

const lines128Row = (name: string, title: string, settings: Settings, published: PublishedNumbers): BenchmarkRow => ({
  ...{ name, title, published, seed: 3 },
  source: "recorded lines128 benchmark: 40 epochs, one seed",
  data: { n: 128, gridsize: 1, probe: "experimental", setPhi: true },
  settings: { maxEpochs: 40, learningRate: 2e-4, ...settings },
});

const gateRow = (
  name: string,
  title: string,
  images: number,
  settings: Settings,
  published: PublishedNumbers,
): BenchmarkRow => ({
  ...lines128Row(name, title, { maxEpochs: 5, ...settings }, published),
  source: "recorded quality gate: 5 epochs",
  data: { n: 128, gridsize: 1, probe: "experimental", setPhi: true, images },
});

const ffno = { architecture: "ffno", ffnoEncoderShareWeights: false, fnoCnnBlocks: 0 } as const;
const fourBlocks = { ...ffno, fnoBlocks: 4 } as const;
const uno = { architecture: "neuralop_uno" } as const;
const hybrid = { architecture: "hybrid_resnet" } as const;
const supervised = { modelType: "supervised" } as const;
const counts = { profile: "ci", lossFunction: "poisson", gradientClipVal: 1 } as const;

export const benchmarkRows: readonly BenchmarkRow[] = [
  overlapRow("lines64-ideal", "CNN, single patterns, ideal probe", ["ideal", 1, "mae"], {
    ...{ mae: [0.1854, 0.2957], psnr: [60.67, 55.25], ssim: [0.62, 0.41], msSsim: [0.852, 0.257], frc50: 23 },
  }),
  overlapRow("lines64", "CNN, single patterns, measured probe", ["experimental", 1, "mae"], {
    ...{ mae: [0.072, 0.0778], psnr: [68.89, 63.0], ssim: [0.904, 0.886], msSsim: [0.981, 0.576], frc50: 165 },
  }),
  overlapRow("lines64-groups-ideal", "CNN, groups of four, ideal probe", ["ideal", 2, "poisson"], {
    ...{ mae: [0.0518, 0.0079], psnr: [71.34, 86.53], ssim: [0.952, 0.996], msSsim: [0.993, 0.328], frc50: 165 },
  }),
  overlapRow("lines64-groups", "CNN, groups of four, measured probe", ["experimental", 2, "mae"], {
    ...{ mae: [0.0402, 0.0452], psnr: [73.03, 64.54], ssim: [0.968, 0.966], msSsim: [0.994, 0.749], frc50: 166 },
  }),
  lines128Row("lines128-cnn", "CNN", tensorFlow, { mae: [0.1232, 0.7863], ssim: [0.7326, 0.2638] }),
  lines128Row(
    "lines128-fno",
    "FNO vanilla",
    { architecture: "fno_vanilla" },
    { mae: [0.1248, 0.1435], ssim: [0.7409, 0.9335] },
  ),
  lines128Row("lines128-ffno", "FFNO, 4 blocks", fourBlocks, {
    ...{ mae: [0.082, 0.138], psnr: [67.88, 63.29], ssim: [0.8903, 0.9596], msSsim: [0.98, 0.72], frc50: 61.5 },
  }),
  lines128Row(
    "lines128-ffno24",
    "FFNO, 24 blocks",
    { ...ffno, fnoBlocks: 24 },
    { mae: [0.0565, 0.1217], psnr: [71.15, 64.42], ssim: [0.9445, 0.9745], msSsim: [0.992, 0.811], frc50: 68.6 },
  ),
  lines128Row(
    "lines128-ffno-refined",
    "FFNO, 4 blocks, 2 convolutional refiners",
    { ...fourBlocks, fnoCnnBlocks: 2 },
    { mae: [0.0628, 0.0828], ssim: [0.9348, 0.9816] },
  ),
  lines128Row("lines128-uno", "U-NO", uno, { mae: [0.0932, 0.0683], ssim: [0.828, 0.9569] }),
  lines128Row(
    "lines128-hybrid",
    "hybrid ResNet",
    { ...hybrid, hybridEncoderConvHiddenScale: 2 },
    { mae: [0.0269, 0.0721], ssim: [0.9881, 0.9947] },
  ),
  lines128Row(
    "lines128-cnn-supervised",
    "PtychoNN, supervised",
    { architecture: "ptychonn", ...supervised },
    {
      ...{ mae: [0.4027, 0.7862], ssim: [0.2772, 0.4964] },
    },
  ),
  lines128Row(
    "lines128-ffno-supervised",
    "FFNO, 4 blocks, supervised",
    { ...fourBlocks, ...supervised },
    { mae: [0.3515, 0.0661], ssim: [0.265, 0.9015] },
  ),
  lines128Row(
    "lines128-uno-supervised",
    "U-NO, supervised",
    { ...uno, ...supervised },
    { mae: [0.3207, 0.0563], ssim: [0.2689, 0.9105] },
  ),
  gateRow("lines128-hybrid-5", "hybrid ResNet, 5 epochs", 2, hybrid, {
    ...{ mae: [0.0846, 0.1334], ssim: [0.876, 0.955] },
  }),
  gateRow(
    "lines128-ffno-ci-5",
    "FFNO, 4 blocks of shared weights, 2 convolutional refiners, counts, one image, 5 epochs",
    1,
    { architecture: "ffno", ffnoEncoderShareWeights: true, fnoBlocks: 4, fnoCnnBlocks: 2, ...counts },
    { mae: [0.1798, 0.1467], ssim: [0.5203, 0.8855] },
  ),
  gateRow(
    "lines128-fno-ci-5",
    "FNO, counts, one image, 5 epochs",
    1,
    { architecture: "fno", fnoBlocks: 4, fnoCnnBlocks: 2, ...counts },
    { ssim: [0.51, 0.863] },
  ),
];

/** @throws PtychonautError "usage" for an unknown name */
export function findRow(name: string): BenchmarkRow {
  const row = benchmarkRows.find((candidate) => candidate.name === name);
  if (row !== undefined) return row;
  throw unknownName(
    "row",
    name,
    benchmarkRows.map((candidate) => candidate.name),
    setting("row"),
  );
}
