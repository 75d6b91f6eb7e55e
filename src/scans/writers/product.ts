import { group } from "../../formats/hdf5/tree.ts";
import { writeHdf5 } from "../../formats/hdf5/writeHdf5.ts";
import { float32Header, type NpyArray, writeNpy } from "../../formats/npy.ts";
import { type ZipLevel, zipWriter } from "../../formats/writeZip.ts";
import { counts } from "./counts.ts";
import { framesAs } from "./frames.ts";
import { productHolds, productLacks, productNeeds, productNpz, productOf, productTree } from "./productArrays.ts";
import type { ScanWriter } from "./scanWriter.ts";

/** The two files of a name: patterns, and all else. */
const pairOf = (endings: readonly string[], patterns: string, others: string) => (path: string) => {
  const ending = endings.find((each) => path.toLowerCase().endsWith(each)) ?? "";
  const stem = path.slice(0, path.length - ending.length);
  return [stem + patterns, stem + others];
};

/** Patterns and parameters of pty-chi and ptycho-ViT. */
export const pairWriter: ScanWriter = {
  name: "pair",
  title: "patterns and parameters in two files, *_dp.hdf5 and *_para.hdf5",
  endings: ["_dp.hdf5", "_para.hdf5"],
  holds: productHolds,
  needs: productNeeds,
  compresses: true,
  integers: true,
  missing: productLacks,
  files: pairOf(["_dp.hdf5", "_para.hdf5", ".hdf5", ".h5"], "_dp.hdf5", "_para.hdf5"),
  async write(scan, [patterns, parameters], { compress, history }) {
    const dp = group({ dp: { ...counts(scan), compress, attributes: {} } });
    await patterns.writeAnywhere((open) => writeHdf5(open, dp));
    const { shape } = scan.probe;
    // Orthogonal probes first, of which there is one.
    const tree = productTree(productOf(scan, history), [1, ...shape]);
    await parameters.writeAnywhere((open) => writeHdf5(open, tree));
  },
};

/** A product of Ptychodus, and the patterns as it reads them. */
export const productWriter: ScanWriter = {
  name: "product",
  title: "a product of Ptychodus and its patterns, *_product.h5 and *_patterns.h5",
  endings: ["_product.h5"],
  holds: productHolds,
  needs: productNeeds,
  compresses: true,
  integers: true,
  missing: productLacks,
  files: pairOf(["_product.h5", "_patterns.h5", ".h5", ".hdf5"], "_patterns.h5", "_product.h5"),
  async write(scan, [patterns, product], { compress, history }) {
    const dp = group({ dp: { ...counts(scan), compress, attributes: {} } });
    await patterns.writeAnywhere((open) => writeHdf5(open, dp));
    const tree = productTree(productOf(scan, history), scan.probe.shape);
    await product.writeAnywhere((open) => writeHdf5(open, tree));
  },
};

/** The same in NumPy's archives; here the patterns come with the pixels that are bad. */
export const productNpzWriter: ScanWriter = {
  name: "product_npz",
  title: "a product of Ptychodus and its patterns, *_product.npz and *_patterns.npz",
  endings: ["_product.npz"],
  holds: [...productHolds, "mask"],
  needs: productNeeds,
  compresses: true,
  integers: false,
  missing: productLacks,
  files: pairOf(["_product.npz", "_patterns.npz", ".npz"], "_patterns.npz", "_product.npz"),
  async write(scan, [patterns, product], { compress, history }) {
    const level = compress ? 6 : 0;
    const { shape, mask } = scan;
    const [count, height, width] = shape;
    const header = float32Header(shape);
    const chunks = async function* (): AsyncGenerator<Uint8Array, void, void> {
      yield header;
      for await (const frames of framesAs("counts", scan))
        yield new Uint8Array(frames.buffer, frames.byteOffset, frames.byteLength);
    };
    const made = productOf(scan, history);
    const bad = Uint8Array.from({ length: height * width }, (_, i) => (mask?.data[i] === 0 ? 1 : 0));
    await patterns.writePieces(async (sink) => {
      const writer = zipWriter(sink);
      await writer.addInTurns("patterns.npy", header.length + 4 * count * height * width, chunks(), level);
      addArrays(writer, level, {
        indexes: made.positions["probe_position_indexes"],
        bad_pixels: { shape: [height, width], dtype: "bool", data: bad },
      });
      writer.finish();
    });
    await product.writePieces((sink) => {
      const writer = zipWriter(sink);
      addArrays(writer, level, productNpz(made));
      writer.finish();
    });
  },
};

function addArrays(
  writer: ReturnType<typeof zipWriter>,
  level: ZipLevel,
  arrays: Readonly<Record<string, NpyArray>>,
): void {
  for (const [key, array] of Object.entries(arrays)) {
    const bytes = writeNpy(array);
    writer.add(`${key}.npy`, bytes.length, [bytes], level);
  }
}
