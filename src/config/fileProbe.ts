import type { Accelerator, Work } from "../runtime/accelerator.ts";
import type { DataConfig, ReadingSettings } from "./dataConfig.ts";
import type { ModelConfig } from "./modelConfig.ts";

/** What a payload must know of a scan: its header, not its numbers. */
export interface ScanHeader {
  readonly frames: number;
  readonly height: number;
  readonly width: number;
  /** As the file's metadata states it; null when it does not. */
  readonly photonsPerPattern: number | null;
  /** Numbers of the scans that the frames are of, where the file numbers them. */
  readonly scans?: readonly number[];
}

/** What a payload must know of a saved model. */
export interface BundleHeader {
  readonly model: ModelConfig;
  /** The data settings of the training. */
  readonly data: Readonly<Partial<Record<keyof DataConfig, unknown>>>;
  /** Groups in a training batch. */
  readonly batchSize: number;
}

/** Commands that leave their results in a folder. */
export type WritingCommand =
  | "train"
  | "import-weights"
  | "infer"
  | "reconstruct"
  | "compare"
  | "split"
  | "benchmark"
  | "benchmark data";

/** What a command means to do in an output folder. */
export interface FolderClaim {
  readonly command: WritingCommand;
  /** Files that it reads, none of which may be replaced. */
  readonly inputs: readonly string[];
  /** Whether results that are there may be lost. */
  readonly overwrite?: boolean | undefined;
  /** Whether it goes on with what an earlier call left there. */
  readonly continues?: boolean | undefined;
}

/** A payload factory's view of the machine: its files and its devices. */
export interface FileProbe {
  /** @throws PtychonautError "device" if it is not there for such work (default: "graphs"), with what is. */
  checkAccelerator(accelerator: Accelerator, work?: Work): Promise<void>;
  /** The scans that a path names: itself, or the npz files of a folder by name. @throws PtychonautError "data": no such */
  scanFiles(path: string): Promise<readonly string[]>;
  /** @throws PtychonautError "data" if the file is missing, damaged or not a scan. */
  scanHeader(path: string, reading: ReadingSettings): Promise<ScanHeader>;
  /** @throws PtychonautError "bundle" if there is no model that this version understands. */
  bundleHeader(path: string): Promise<BundleHeader>;
  /**
   * Creates the folder with its parents.
   * @throws PtychonautError if it cannot be written to, is in use, or has what must not be lost.
   */
  prepareFolder(path: string, claim: FolderClaim): Promise<void>;
}
