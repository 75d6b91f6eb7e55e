import type { ArrayFile } from "./arrayFile.ts";
import { isBlo, openBlo } from "./blo.ts";
import { asSource, type ByteSource } from "./byteSource.ts";
import { isDm, openDm } from "./dm.ts";
import { isEmpad, openEmpad } from "./empad.ts";
import { isHdf5, openHdf5 } from "./hdf5/openHdf5.ts";
import { isMat5, openMat5 } from "./mat5.ts";
import { isMib, openMib } from "./mib.ts";
import { type Neighbours, noNeighbours, remembered } from "./neighbours.ts";
import { isNpy, openNpy } from "./npyFile.ts";
import { openNpz } from "./npz.ts";
import { emptyFile, notReadable, SIGNATURE_BYTES } from "./signatures.ts";
import { isTextTable, openTextTable } from "./textTable.ts";
import { isTiff } from "./tiff.ts";
import { openTiffOrHalves } from "./tiffHalves.ts";
import { isZip } from "./zip.ts";

/** A way to keep named arrays in a file. A container is a file in this room that opens it, and a line here. */
interface Container {
  readonly name: string;
  /** How the names of such files end, where one is a scan by itself. */
  readonly endings: readonly string[];
  /**
   * @param head the file's first bytes
   * @param file its name and size, for what does not tell itself by its bytes
   */
  recognises(head: Uint8Array, file: { readonly name: string; readonly size: number }): boolean;
  /** May need time to start: a library that is loaded when it is first needed. */
  open(source: ByteSource, where: string, neighbours: Neighbours): ArrayFile | Promise<ArrayFile>;
}

const HDF5_ENDINGS = [".h5", ".hdf5", ".cxi", ".nxs", ".ptyd", ".ptyr", ".emd"];

/** In the order of asking: what is only text comes last. */
const containers: readonly Container[] = [
  { name: "NPZ", endings: [".npz"], recognises: isZip, open: (source, where) => openNpz(source, where) },
  { name: "HDF5", endings: HDF5_ENDINGS, recognises: isHdf5, open: openHdf5 },
  { name: "NPY", endings: [], recognises: isNpy, open: openNpy },
  { name: "MATLAB 5", endings: [".mat"], recognises: isMat5, open: openMat5 },
  { name: "TIFF", endings: [".tif", ".tiff"], recognises: isTiff, open: openTiffOrHalves },
  { name: "Digital Micrograph", endings: [".dm3", ".dm4"], recognises: isDm, open: openDm },
  { name: "Merlin MIB", endings: [".mib"], recognises: isMib, open: openMib },
  { name: "BLO", endings: [".blo"], recognises: isBlo, open: openBlo },
  { name: "EMPAD", endings: [".raw"], recognises: isEmpad, open: openEmpad },
  { name: "text", endings: [], recognises: isTextTable, open: openTextTable },
];

/**
 * Opens a file of named arrays, whatever its container.
 * @param where names the file in errors
 * @param neighbours the files beside it. Default: none
 * @throws PtychonautError "data": what the file is, where it is not read; or damaged
 */
export async function openArrayFile(
  input: Uint8Array | ByteSource,
  where: string,
  neighbours: Neighbours = noNeighbours,
): Promise<ArrayFile> {
  const source = asSource(input);
  const head = source.read(0, Math.min(source.size, SIGNATURE_BYTES));
  if (source.size === 0) throw emptyFile(where);
  const container = containers.find(({ recognises }) => recognises(head, { name: where, size: source.size }));
  if (container === undefined) throw notReadable(head, where, containers.map(({ name }) => name).join(", "));
  const beside = remembered(neighbours);
  try {
    const file = await container.open(source, where, beside);
    return {
      ...file,
      beside: beside.files,
      close() {
        file.close();
        beside.close();
      },
    };
  } catch (error) {
    beside.close();
    throw error;
  }
}

/** How the names of such files end. */
export const arrayEndings: readonly string[] = containers.flatMap(({ endings }) => endings);

/** Whether a file's name ends like that of a container. */
export const looksLikeArrays = (name: string): boolean =>
  arrayEndings.some((ending) => name.toLowerCase().endsWith(ending));
