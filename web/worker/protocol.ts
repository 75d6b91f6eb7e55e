import type { ComplexArray, RealArray } from "../../src/arrays.ts";
import type { Provenance } from "../../src/data/dataset.ts";
import type { PlainError } from "../../src/errors.ts";
import type { Metrics } from "../../src/metrics/evaluate.ts";
import type { Geometry } from "../../src/optics/geometry.ts";
import type { DoctorPicture } from "../../src/pictures/doctorFigure.ts";
import type { RunOutcome, RunSteps, WatchedPicture } from "../../src/runs/hooks.ts";
import type { MetricRow } from "../../src/runs/loggers/metricsLogger.ts";
import type { Examination } from "../../src/scans/doctor/examine.ts";
import type { ScanInspection } from "../../src/scans/inspect/inspectScan.ts";
import type { SimulationOptions } from "../../src/simulation/options.ts";
import type { RangedFile } from "../../src/web/rangedFile.ts";
import type { RunEntry, RunRequest, RunWork } from "./runEntries.ts";
import type { ScanAddress } from "./scanAddress.ts";

/**
 * What the page asks its workers, and what they answer, by name. Another question is a line here, a file in `answers/` and a
 * line in `answers/registry.ts`. Everything crosses by structured clone; the arrays of an answer are handed over.
 */
export interface Questions {
  /**
   * Makes files that the user chose readable, under one folder. Nothing is read yet.
   * @throws PtychonautError "usage" for two of one name
   */
  mount: { readonly ask: MountedFiles; readonly answer: Mounted };
  /** What is stored and how: once, before anything else. */
  about: { readonly ask: undefined; readonly answer: AboutWorker };
  /**
   * Opens a scan, of which all that follows is; the one before is closed. Of several that overlap the one with the highest
   * `serial` is open in the end. @throws as `readScanArrays`; "usage" where another one has overtaken it
   */
  openScan: { readonly ask: ScanAddress & { readonly serial: number }; readonly answer: ScanFacts };
  /** A pattern of the open scan, as measured. */
  frame: { readonly ask: { readonly index: number }; readonly answer: RealArray };
  /** Sum (in float64) and maximum over all patterns, by one pass. */
  statistics: { readonly ask: undefined; readonly answer: Statistics };
  /** Valid pixels of the open scan. */
  mask: { readonly ask: undefined; readonly answer: RealArray | undefined };
  positions: { readonly ask: undefined; readonly answer: ScanPositions };
  /** How much of the probe's light falls on each pixel of the object, over all patterns. */
  light: { readonly ask: undefined; readonly answer: RealArray };
  /** `[mode, y, x]`. */
  probe: { readonly ask: undefined; readonly answer: ComplexArray };
  /** `[y, x]`: what the file has of the object. */
  object: { readonly ask: undefined; readonly answer: ComplexArray | undefined };
  /** What a simulated scan would be like, and its first pattern. Nothing is stored. @throws as `simulate` */
  preview: { readonly ask: SimulationOptions; readonly answer: SamplePreview };
  /** Writes a simulated scan into the store. @returns where it is */
  simulate: {
    readonly ask: { readonly name: string; readonly options: SimulationOptions };
    readonly answer: { readonly path: string };
  };
  /** What is in a file, also in one that cannot be read as a scan. */
  inspect: { readonly ask: ScanAddress; readonly answer: ScanInspection };
  /** The doctor's table. @param orientation whether the detector's orientation is measured too, by reconstructions */
  examine: {
    readonly ask: ScanAddress & { readonly orientation: boolean };
    readonly answer: Examination & { readonly picture?: DoctorPicture; readonly figures?: DoctorFigures };
  };
  /** Engines that there are, for a list. */
  engines: { readonly ask: undefined; readonly answer: readonly { readonly name: string; readonly about: string }[] };
  /** Starts a run, or goes on with one. Stops, with a checkpoint, when it is asked to. */
  run: { readonly ask: RunRequest; readonly answer: Pick<RunOutcome, "status" | "advice" | "files"> };
  /** Runs that the store has, the newest first. */
  runs: { readonly ask: undefined; readonly answer: readonly RunEntry[] };
  /** Epochs that a run has logged. */
  course: { readonly ask: { readonly id: string }; readonly answer: readonly MetricRow[] };
  /**
   * Makes steps of a run others: at its next epoch, where this worker does it. Else it is only looked whether they may be.
   * @throws PtychonautError "usage" for steps that make no sense
   */
  change: {
    readonly ask: { readonly id: string; readonly steps: RunSteps; readonly wanted: Readonly<Record<string, number>> };
    readonly answer: undefined;
  };
  /** How long the steps of a run were when it was stopped; undefined where it has done nothing. */
  steps: { readonly ask: { readonly id: string }; readonly answer: RunSteps | undefined };
  /** Lines that a run has said, in all its parts. */
  words: { readonly ask: { readonly id: string }; readonly answer: readonly string[] };
  /** What a run has reconstructed, if anything yet. */
  reconstruction: { readonly ask: { readonly id: string }; readonly answer: RunPicture | undefined };
  /** Scans and models that the store keeps, the largest first, and how much room there is. */
  kept: { readonly ask: undefined; readonly answer: Kept };
  /**
   * Takes one of them out of the store.
   * @returns whether the open scan went with it
   * @throws PtychonautError "usage" while a run works on it
   */
  forgetKept: { readonly ask: { readonly path: string }; readonly answer: { readonly closed: boolean } };
  forgetRun: { readonly ask: { readonly id: string }; readonly answer: undefined };
  /** The object of a file, its mean phase turned to zero. @throws PtychonautError "data" */
  lookAt: { readonly ask: { readonly path: string }; readonly answer: ComparedObject };
  /** Two objects, the second laid on the first. @throws PtychonautError "usage" where they have too little in common */
  compare: { readonly ask: { readonly reference: string; readonly compared: string }; readonly answer: Comparison };
  /** What makes the run of a `run.json` again. @throws PtychonautError "data" where its scan is not among some */
  again: {
    readonly ask: { readonly path: string; readonly scans: readonly string[]; readonly models: readonly string[] };
    /** `leftOut`: settings of the machine that it ran on, which are not this one's. */
    readonly answer: { readonly work: RunWork; readonly leftOut: readonly string[] };
  };
  /** The run of an engine that begins with what a run came to. @throws PtychonautError "data" where that says nothing of itself */
  refinement: {
    readonly ask: { readonly id: string; readonly engine: string; readonly epochs?: number };
    readonly answer: RunWork;
  };
  /** The line for a shell that does what a run does, with the seeds that it drew once it has said them. */
  commandLine: { readonly ask: RunRequest; readonly answer: string };
  /** A reconstruction of the store in another format, ready to be saved. @throws as `runConversion` */
  exportObject: {
    readonly ask: { readonly path: string; readonly to: ExportFormat };
    readonly answer: readonly { readonly name: string; readonly content: Blob }[];
  };
  /** A file of the store, to be saved. */
  file: { readonly ask: { readonly path: string }; readonly answer: Blob };
}

export type QuestionName = keyof Questions;
export type Ask<N extends QuestionName> = Questions[N]["ask"];
export type Answer<N extends QuestionName> = Questions[N]["answer"];

/** A file that the user chose, or one of the server's. */
export type GivenFile = File | RangedFile;

/** Files that were opened together, and where they are to be. */
export interface MountedFiles {
  readonly folder: string;
  readonly files: readonly GivenFile[];
  /** Only where the store has nothing in the folder: it was named as it was before folders had marks of what is in them. */
  readonly unlessKept?: true;
}

/** What the store keeps beside runs. */
export interface Kept {
  readonly scans: readonly KeptScan[];
  /** Bytes that everything of this address takes in the browser, and that it may take. */
  readonly usedBytes?: number;
  readonly givenBytes?: number;
}

/** Files that were opened together, or one that was simulated. */
export interface KeptScan {
  readonly path: string;
  readonly name: string;
  readonly bytes: number;
  /** Runs that go on, or can, with it. */
  readonly neededBy: readonly string[];
  /** The run that is working on it now: until it ends or is paused the scan stays. */
  readonly heldBy?: string;
}

/** `[y, x]`, complex. */
export interface ComparedObject extends ComplexArray {
  /** `[y, x]`, 0 = not known, or not in both of two. */
  readonly known?: ArrayLike<number>;
  readonly pixelSizeM: number | undefined;
}

/** Two objects on the pixels of the first, the gauge of the second removed. */
export interface Comparison {
  readonly reference: ComparedObject;
  readonly compared: ComparedObject;
  /** Second minus first; the phase as an angle from the first to the second, radians. */
  readonly difference: { readonly complex: ComplexArray; readonly phase: RealArray };
  readonly metrics: Metrics;
  /** Full period at which the ring correlation falls below half a bit, in metres, where it is known. */
  readonly resolutionM: number | null;
  readonly warnings: readonly string[];
}

/** What reconstructions are saved as: formats for programs, and pictures. */
export type ExportFormat = "npz" | "cxi" | "tiff" | "hdf5" | "png";

/** Where the files went: which of them, or which folder of images, are scans, and which are what runs leave. */
export interface Mounted {
  readonly scans: readonly string[];
  readonly results: readonly FoundResult[];
}

/** A file that a run has left: its record, a trained model, or an object. */
export interface FoundResult {
  readonly path: string;
  readonly kind: "run" | "model" | "object";
}

export interface AboutWorker {
  /** `memory` keeps nothing beyond this page, for a reason that is said. */
  readonly store: { readonly kind: "opfs" | "memory"; readonly why?: string };
  /** Bytes that may be stored; undefined where nobody knows. */
  readonly room: number | undefined;
  /** What computes, and why: one line each for engines and networks. */
  readonly engines: string;
  readonly threads: number;
  /** Why there is one thread only, where there is. */
  readonly oneThread?: string;
}

export interface ScanFacts {
  readonly path: string;
  readonly name: string;
  readonly frames: number;
  readonly height: number;
  readonly width: number;
  readonly measurement: "counts" | "amplitude";
  readonly probeModes: number;
  readonly hasMask: boolean;
  readonly hasObject: boolean;
  readonly photonsPerPattern?: number;
  readonly geometry?: Geometry;
  readonly provenance: Provenance;
}

export interface Statistics {
  readonly sum: RealArray;
  readonly maximum: RealArray;
  /** Sum of each pattern's numbers. */
  readonly totals: Float64Array;
}

export interface ScanPositions {
  /** `[frame, 2]` as (y, x), in object pixels. */
  readonly positions: Float64Array;
  /** What the picture of the light covers, in object pixels. */
  readonly canvas: { readonly height: number; readonly width: number; readonly y: number; readonly x: number };
}

/** As SVG, where there is something to draw. */
export interface DoctorFigures {
  readonly path?: string;
  readonly counts?: string;
}

export interface SamplePreview {
  /** `[y, x]` */
  readonly object: ComplexArray;
  /** `[y, x]` */
  readonly probe: ComplexArray;
  /** `[y, x]`, counts. */
  readonly pattern: RealArray;
  /** `[frame, 2]` as (y, x), in pixels of the object. */
  readonly positions: Float64Array;
  readonly objectPixelM?: number;
}

/** Object and probe of a run. */
export type RunPicture = Omit<WatchedPicture, "epoch">;

export interface WorkerProgress {
  readonly kind: "progress";
  readonly label: string;
  readonly done: number;
  readonly total: number;
  readonly note: string;
  /** Milliseconds that the rest will take, as far as it is known. */
  readonly left?: number;
}

/** What happens while a question is being answered. */
export type WorkerEvent =
  | { readonly kind: "log" | "warn"; readonly line: string }
  | WorkerProgress
  | { readonly kind: "row"; readonly row: MetricRow }
  | { readonly kind: "steps"; readonly steps: RunSteps }
  | { readonly kind: "picture"; readonly picture: RunPicture };

/** To the worker: a question under a number, or the wish that the one of this number ends. */
export type ToWorker =
  | { readonly id: number; readonly name: QuestionName; readonly ask: unknown }
  | { readonly id: number; readonly stop: true };

/** From the worker, by the number of the question. */
export type FromWorker =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: PlainError }
  | { readonly id: number; readonly event: WorkerEvent };
