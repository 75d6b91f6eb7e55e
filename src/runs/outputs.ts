/** Names of what runs leave in their output folder. They get them here and nowhere else. */
export const outputs = {
  /** Written last, so that its presence says that the others are complete. */
  run: "run.json",
  /** What the run that began last was asked, there as soon as that is known. */
  settings: "run-settings.json",
  /** What runs in this folder have said, each line as it was said. */
  words: "run-log.txt",
  model: "model.zip",
  training: "training.json",
  /** How an iterative reconstruction went. */
  course: "reconstruction.json",
  /** Where all frames of its scan lie. */
  positions: "positions.csv",
  intensities: "intensities.npz",
  /** How the probe varies from frame to frame. */
  variations: "variations.npz",
  mlflow: "mlflow.json",
  reconstruction: "reconstruction.npz",
  /** Expected errors of every pixel. */
  confidence: "confidence.npz",
  metrics: "metrics.json",
  comparison: {
    metrics: "comparison.csv",
    rings: "frc.csv",
    aligned: "aligned.npz",
    summary: "compare.json",
  },
  /** Without the ending, which their format gives. */
  halves: ["even", "odd"],
  benchmark: {
    results: "benchmark.json",
    row: "row.md",
    data: "data.json",
    train: "train.npz",
    test: "test.npz",
    /** In the benchmark's folder the data and one folder a seed; in that the training and the inference. */
    folders: { data: "data", seed: "seed_", train: "train", infer: "infer" },
    /** @param what truth, reconstruction or error @param image from 0 */
    picture: (what: string, image: number): string => `${what}_${image + 1}`,
  },
  patches: "patch_stats.json",
  /** Without the ending, which their format gives. */
  pictures: {
    amplitude: "amplitude",
    phase: "phase",
    scan: "scan",
    patterns: "patterns",
    probe: "probe",
    training: "training",
    error: "error",
    /** Of an object that has several. */
    slices: "slices",
    objectModes: "object_modes",
    confidence: "confidence",
    comparison: "comparison",
    patches: "patch_grid",
  },
  log: "metrics.csv",
  /** Of a scan that training refined, without ending; numbered from 1 where there are several. */
  probe: (scan: number, scans: number): string => (scans === 1 ? "probe" : `probe_${scan + 1}`),
  /** Of the network's patches in an epoch, and of the object stitched of them. */
  epoch: (epoch: number): string => `epoch_${String(epoch).padStart(4, "0")}`,
  epochObject: (epoch: number): string => `epoch_${String(epoch).padStart(4, "0")}_object`,
} as const;

/** Folders in an output folder in which runs replace files. */
export const subfolders = {
  checkpoints: "checkpoints",
  pictures: "reconstructions",
  patches: "analysis",
  logs: "lightning_logs",
  /** Of `compare`: one folder a model in it. */
  inference: "inference",
  /** Of `reconstruct`, where a network predicts what the engine begins with. */
  network: "network",
  /** Of `infer`, where an engine goes on from what the network predicted. */
  refined: "refined",
} as const;
