/** Names of what runs leave in their output folder. They get them here and nowhere else. */
export const outputs = {
  /** Written last, so that its presence says that the others are complete. */
  run: "run.json",
  model: "model.zip",
  training: "training.json",
  intensities: "intensities.npz",
  mlflow: "mlflow.json",
  reconstruction: "reconstruction.npz",
  amplitude: "amplitude.png",
  phase: "phase.png",
  metrics: "metrics.json",
  comparison: {
    metrics: "comparison.csv",
    rings: "frc.csv",
    aligned: "aligned.npz",
    picture: "comparison.png",
    summary: "compare.json",
  },
  halves: ["even.npz", "odd.npz"],
  benchmark: { results: "benchmark.json", row: "row.md", data: "data.json", train: "train.npz", test: "test.npz" },
  patches: { statistics: "patch_stats.json", picture: "patch_grid.png" },
  log: "metrics.csv",
} as const;

/** Folders in an output folder in which runs replace files. */
export const subfolders = {
  checkpoints: "checkpoints",
  pictures: "reconstructions",
  patches: "analysis",
  logs: "lightning_logs",
  /** Of `compare`: one folder a model in it. */
  inference: "inference",
} as const;
