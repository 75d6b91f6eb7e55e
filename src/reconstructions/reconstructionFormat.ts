import type { ComplexArray } from "../arrays.ts";
import type { ArrayFile } from "../formats/arrayFile.ts";
import type { FileToWrite } from "../formats/fileToWrite.ts";
import type { Geometry } from "../optics/geometry.ts";
import type { Reconstruction } from "./reconstructionNpz.ts";

/** A complex object out of a file, with what the file says about its place. */
export interface FoundObject {
  /** Name of its array. */
  readonly key: string;
  /** `[y, x]`. */
  readonly object: ComplexArray;
  /** Where pixel [0, 0] sits in the scan's object pixels; absent where the file does not say. */
  readonly origin?: { readonly y: number; readonly x: number };
  /** `[y, x]`, how well each pixel is covered, 0 = not at all. */
  readonly coverage?: Float32Array;
  /** `[frame, 2]` as (y, x), object pixels: the positions used. */
  readonly positions?: Float64Array;
  readonly pixelSizeM?: number;
  /** Object pixel over that of the scan's file as stored, (y, x); absent where nothing says it. */
  readonly pixelRatio?: readonly [y: number, x: number];
  /** `[state, y, x]` of an object in several, the strongest first, which `object` is. */
  readonly objectModes?: ComplexArray;
  /** What was done to its numbers. */
  readonly warnings?: readonly string[];
}

/** A reconstruction, as far as it is known, and what belongs to it. */
export interface ReconstructionToWrite
  extends Pick<FoundObject, "object">,
    Partial<Omit<Reconstruction, "object" | "warnings">> {
  /** For people. */
  readonly name: string;
  /** `[mode, y, x]`, where it is known. */
  readonly probe?: ComplexArray;
  readonly geometry?: Geometry;
}

/** What a reconstruction may have beside its object. */
export type ReconstructionPart =
  | "coverage"
  | "positions"
  | "origin"
  | "pixelSizeM"
  | "pixelRatio"
  | "probe"
  | "objectModes";

/**
 * One layout of reconstructions, read and written. A format is a file in this room that exports one of these, and a line in
 * `registry.ts`.
 */
export interface ReconstructionFormat {
  /** For the option `to` and for `output_format`. */
  readonly name: string;
  /** In a few words, for people. */
  readonly title: string;
  /** How names of such files end; the first is the usual one. */
  readonly endings: readonly string[];
  /** What it has a place for beside the object. */
  readonly holds: readonly ReconstructionPart[];
  /** Whether its lengths are in metres, and the pixel's size must be known. */
  readonly inMetres: boolean;
  /** What whoever reads such a file will miss, a line each. */
  missing?(reconstruction: ReconstructionToWrite): readonly string[];
  /** The files that it makes for one name. Default: the one. */
  files?(path: string): readonly string[];
  /** What of a file is this format's; undefined where it is not of this format. */
  recognise(file: ArrayFile): Recognised | undefined;
  /** @throws PtychonautError "data" when what is there does not fit */
  read(file: ArrayFile, where: string): FoundObject;
  /**
   * @param files one for each of `files`
   * @param history where it came from, a line each
   * @throws PtychonautError "output"
   */
  write(
    reconstruction: ReconstructionToWrite,
    files: readonly FileToWrite[],
    history: readonly string[],
  ): Promise<void>;
}

export interface Recognised {
  /** Of the object's array. */
  readonly key: string;
  /** Whether the file is a reconstruction and no scan. */
  readonly alone: boolean;
}
