export type CommandName =
  | "train"
  | "infer"
  | "reconstruct"
  | "evaluate"
  | "compare"
  | "inspect"
  | "plan"
  | "simulate"
  | "split"
  | "convert"
  | "benchmark"
  | "import-weights"
  | "rerun"
  | "view"
  | "init"
  | "validate"
  | "schema"
  | "slurm"
  | "completion"
  | "mpi-check";

/** What the overview, a command's help and config files say of it: the one place for all three. */
export interface CommandEntry {
  readonly name: CommandName;
  readonly summary: string;
  /** Whether a config file has a section for it, and the command the option --config. */
  readonly configurable: boolean;
}

/** Every command, in the order of the overview; what it does is in the file that `commands.ts` loads. */
export const commandTable: readonly CommandEntry[] = [
  { name: "train", summary: "Train a physics-informed network on a scan, or on several together.", configurable: true },
  { name: "infer", summary: "Reconstruct a scan with a trained network.", configurable: true },
  {
    name: "reconstruct",
    summary: "Reconstruct a scan with an iterative engine, without a network.",
    configurable: true,
  },
  {
    name: "evaluate",
    summary: "Compare a reconstruction with a reference, after removing what diffraction cannot determine.",
    configurable: true,
  },
  { name: "compare", summary: "Compare several reconstructions and models with one reference.", configurable: true },
  {
    name: "inspect",
    summary: "Say what is in a scan file: shapes, dose, probe, scan, overlap, and what looks suspicious.",
    configurable: true,
  },
  {
    name: "plan",
    summary: "Say what memory, disk and time a training and a reconstruction will take here.",
    configurable: false,
  },
  { name: "simulate", summary: "Make a simulated scan with its true object and probe.", configurable: true },
  {
    name: "split",
    summary: "Write the even and the odd patterns of a scan to two files, for independent reconstructions.",
    configurable: true,
  },
  { name: "convert", summary: "Write a scan or a reconstruction in another format.", configurable: true },
  {
    name: "benchmark",
    summary: "Run a published benchmark: simulate, train, reconstruct, compare.",
    configurable: true,
  },
  {
    name: "import-weights",
    summary: "Turn the weights of a PtychoPINN network into a model bundle.",
    configurable: true,
  },
  { name: "rerun", summary: "Run again what a run.json records.", configurable: false },
  {
    name: "view",
    summary: "Open the page: runs as they go, scans, reconstructions in a browser, on this computer.",
    configurable: false,
  },
  {
    name: "slurm",
    summary:
      "Write a command as a batch job of a cluster, which saves, goes on in the next turn, and ends; or submit it.",
    configurable: false,
  },
  { name: "init", summary: "Write a config file with every setting, commented.", configurable: false },
  {
    name: "validate",
    summary: "Check a config file and show the resolved settings that are not defaults.",
    configurable: false,
  },
  { name: "schema", summary: "Print the JSON schema of config files, for editors.", configurable: false },
  {
    name: "completion",
    summary: "Print a script by which a shell completes commands, options and their values.",
    configurable: false,
  },
  {
    name: "mpi-check",
    summary: "Say what joins the processes that mpirun or srun started, and time the sums between them.",
    configurable: false,
  },
];
