import type { ArrayFile } from "./arrayFile.ts";
import type { ByteSource } from "./byteSource.ts";
import { listedArrays, words } from "./listedArrays.ts";
import type { Neighbours } from "./neighbours.ts";
import { bareName } from "./sidecar.ts";
import { openTiff, stackArray, type TiffStack, tiffStack } from "./tiff.ts";

/** The two images that a complex one is kept as. */
const HALVES = ["amplitude", "phase"] as const;

/**
 * Opens a TIFF as `openTiff`; or, where its name says that it is the amplitude or the phase (`*_amplitude.tif`, `*_phase.tif`)
 * and it is one page of floats, with the other half from the file beside it.
 *
 * Keys of both halves: `amplitude` and `phase` [1, y, x], in radians. Of a half alone the file's attribute `other_half` names
 * the file that is missing.
 * @throws PtychonautError "data" as `openTiff`
 */
export async function openTiffOrHalves(source: ByteSource, where: string, neighbours: Neighbours): Promise<ArrayFile> {
  const name = bareName(where);
  const [, stem, half, ending] = /^(.*)_(amplitude|phase)(\.tiff?)$/i.exec(name) ?? [];
  const file = openTiff(source, where);
  if (half === undefined || !isHalf(file)) return file;
  const [own, other] = half.toLowerCase() === HALVES[0] ? HALVES : [HALVES[1], HALVES[0]];
  const otherName = `${stem}_${other}${ending}`;
  const beside = await neighbours.open(otherName);
  const attributes = file.attributes();
  if (beside === undefined)
    return {
      ...file,
      attributes: (key) => (key ? file.attributes(key) : { ...attributes, other_half: words(otherName) }),
    };
  const stacks: readonly (readonly [name: string, stack: TiffStack, source: ByteSource])[] = [
    [own, tiffStack(source, where), source],
    [other, tiffStack(beside, `${where}: ${otherName}`), beside],
  ];
  const arrays = new Map(stacks.map(([key, stack, from]) => [key, stackArray(stack, from, key)]));
  return listedArrays({ container: "TIFF", arrays, attributes, where });
}

function isHalf(file: ArrayFile): boolean {
  const { shape, dtype } = file.header(file.keys[0]);
  return shape[0] === 1 && dtype.startsWith("float");
}
