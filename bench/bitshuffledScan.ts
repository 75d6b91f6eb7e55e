import type { Dataset } from "../src/data/dataset.ts";
import type { RandomFile } from "../src/formats/byteSource.ts";
import { installPlugins } from "../src/formats/hdf5/filters.ts";
import { borrowed, hdf5Library } from "../src/formats/hdf5/library.ts";
import { mountForWriting } from "../src/formats/hdf5/mountForWriting.ts";
import { type TypeToWrite, writingLibrary } from "../src/formats/hdf5/writingLibrary.ts";

const BITSHUFFLE = 32008;
/** H5T_class_t. */
const [INTEGER, FLOAT, COMPOUND] = [0, 1, 6];

/**
 * Writes a scan by PtychoPINN's names whose counts, uint16, are compressed with bitshuffle and LZ4, a frame a chunk, as
 * detectors do.
 * @param blocks counts of some frames at a time, `[frame, y, x]`
 */
export async function writeBitshuffledScan(
  file: RandomFile,
  { probe, positions }: Pick<Dataset, "probe" | "positions">,
  [count, height, width]: readonly [number, number, number],
  blocks: Iterable<Uint16Array>,
): Promise<void> {
  const library = writingLibrary(await hdf5Library());
  await installPlugins(library, [BITSHUFFLE]);
  const mounted = mountForWriting(library, file);
  const id = library.open(mounted.path, 2, false, -1, -1);
  const put = (name: string, type: Partial<TypeToWrite>, shape: readonly number[], data: Float32Array | Float64Array) =>
    borrowed(library, data.byteLength, (pointer) => {
      library.HEAPU8.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), pointer);
      library.create_dataset(id, name, BigInt(pointer), typed(type, shape));
    });
  for (const [axis, name] of ["ycoords", "xcoords"].entries()) {
    const own = positions.filter((_, i) => i % 2 === axis);
    put(name, { type: FLOAT, size: 8, signed: true }, [count], own);
  }
  const part = { type: FLOAT, size: 4, signed: true, littleEndian: true, vlen: false, shape: [] };
  const members = ["r", "i"].map((name, k) => ({ ...part, name, offset: 4 * k }));
  put(
    "probeGuess",
    { type: COMPOUND, size: 8, compound_type: { members, nmembers: 2 } },
    [height, width],
    probe.data.slice(0, 2 * height * width),
  );
  library.create_dataset(id, "diffraction", 0n, {
    ...typed({ type: INTEGER, size: 2 }, [0, height, width]),
    maxshape: [count, height, width].map(BigInt),
    chunks: [1, height, width].map(BigInt),
    compression: BITSHUFFLE,
    compression_opts: [0, 2],
  });
  library.resize_dataset(id, "diffraction", [count, height, width].map(BigInt));
  let first = 0;
  for (const block of blocks) {
    const frames = block.length / (height * width);
    borrowed(library, block.byteLength, (pointer) => {
      library.HEAPU8.set(new Uint8Array(block.buffer, block.byteOffset, block.byteLength), pointer);
      const box = [[frames, height, width].map(BigInt), [BigInt(first), 0n, 0n], [1n, 1n, 1n]] as const;
      library.set_dataset_data(id, "diffraction", ...box, BigInt(pointer));
    });
    mounted.check();
    first += frames;
  }
  library.close_file(id);
  mounted.check();
  mounted.unmount();
}

const typed = (type: Partial<TypeToWrite>, shape: readonly number[]): TypeToWrite => ({
  ...{ type: FLOAT, size: 4, signed: false, littleEndian: true, vlen: false },
  ...type,
  shape: shape.map(BigInt),
  maxshape: shape.map(BigInt),
});
