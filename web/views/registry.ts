import type { View } from "./view.ts";

/** The views of the page, in their order: a file each, and a line here. */
export const views: readonly View[] = [
  { name: "open", title: "Open", load: async () => (await import("./open.tsx")).Open },
  { name: "sample", title: "Sample", load: async () => (await import("./sample.tsx")).Sample },
  { name: "patterns", title: "Patterns", needsScan: true, load: async () => (await import("./patterns.tsx")).Patterns },
  {
    ...{ name: "positions", title: "Positions", needsScan: true },
    load: async () => (await import("./positions.tsx")).Positions,
  },
  { name: "doctor", title: "Doctor", load: async () => (await import("./doctor.tsx")).Doctor },
  { name: "reconstruct", title: "Reconstruct", load: async () => (await import("./reconstruct.tsx")).Reconstruct },
  { name: "train", title: "Train", load: async () => (await import("./train.tsx")).Train },
  { name: "infer", title: "Infer", load: async () => (await import("./infer.tsx")).Infer },
  { name: "compare", title: "Compare", load: async () => (await import("./compare.tsx")).Compare },
  { name: "watch", title: "On disk", needsServer: true, load: async () => (await import("./watch.tsx")).Watch },
  { name: "runs", title: "Runs", load: async () => (await import("./runs.tsx")).Runs },
];
