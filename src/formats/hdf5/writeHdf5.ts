import { PtychonautError } from "../../errors.ts";
import type { RandomFile } from "../byteSource.ts";
import type { NumericArray, NumericDtype } from "../npy.ts";
import { guarded, hdf5Library, quietly } from "./library.ts";
import { mountForWriting, type WrittenFile } from "./mountForWriting.ts";
import type { Hdf5Array, Hdf5Attributes, Hdf5Frames, Hdf5Group, Hdf5Node, Hdf5Value } from "./tree.ts";
import { type TypeToWrite, type WritingLibrary, writingLibrary } from "./writingLibrary.ts";

/**
 * Writes an HDF5 file: everything at once but patterns, which come some frames at a time, so that memory stays flat.
 * @param file new and empty
 * @throws PtychonautError "output" when it cannot be written; whatever the frames throw
 */
export async function writeHdf5(file: RandomFile, root: Hdf5Group): Promise<void> {
  const library = writingLibrary(await hdf5Library());
  const mounted = mountForWriting(library, file);
  let id: bigint | undefined;
  try {
    id = guarded(library, FAILED, mounted.path, () => library.open(mounted.path, TRUNCATE, false, -1, -1));
    const writer = { library, id, mounted };
    writeAttributes(writer, "/", root.attributes);
    for (const [name, node] of Object.entries(root.members)) await writeNode(writer, `/${name}`, node);
    mounted.check();
    guarded(library, FAILED, mounted.path, () => library.close_file(writer.id));
    id = undefined;
    mounted.check();
  } catch (error) {
    // What is lost anyway need not be written; the library then lets go of the file.
    mounted.discard();
    const open = id;
    if (open !== undefined) quietly(library, () => library.close_file(open));
    throw error;
  } finally {
    mounted.unmount();
  }
}

const FAILED = "the HDF5 file cannot be written";

/** H5F_ACC_TRUNC. */
const TRUNCATE = 2;

interface Writer {
  readonly library: WritingLibrary;
  readonly id: bigint;
  readonly mounted: WrittenFile;
}

async function writeNode(writer: Writer, path: string, node: Hdf5Node): Promise<void> {
  const { library, id, mounted } = writer;
  mounted.check();
  const attempt = (call: () => unknown): unknown => guarded(library, FAILED, path, call);
  switch (node.kind) {
    case "group":
      attempt(() => library.create_group(id, path, false));
      writeAttributes(writer, path, node.attributes);
      for (const [name, member] of Object.entries(node.members)) await writeNode(writer, `${path}/${name}`, member);
      return;
    case "link":
      attempt(() => library.create_soft_link(id, node.target, path));
      return;
    case "array":
      writeArray(writer, path, node);
      return;
    case "frames":
      await writeFrames(writer, path, node);
  }
}

function writeArray(writer: Writer, path: string, { value, attributes }: Hdf5Array): void {
  const { library, id } = writer;
  put(writer, path, value, {
    texts: (data, type) => library.create_vlen_str_dataset(id, path, data, type),
    bytes: (pointer, type) => library.create_dataset(id, path, pointer, type),
  });
  writeAttributes(writer, path, attributes);
}

function writeAttributes(writer: Writer, path: string, attributes: Hdf5Attributes): void {
  const { library, id } = writer;
  for (const [name, value] of Object.entries(attributes))
    put(writer, `${path}@${name}`, value, {
      texts: (data, type) => library.create_vlen_str_attribute(id, path, name, data, type),
      bytes: (pointer, type) => library.create_attribute(id, path, name, pointer, type),
    });
}

interface Calls {
  texts(data: readonly string[], type: TypeToWrite): number;
  bytes(pointer: bigint, type: TypeToWrite): number;
}

/** Gives a value to the library. */
function put({ library }: Writer, where: string, value: Hdf5Value, calls: Calls): void {
  const all = typeof value === "string" ? { shape: [], dtype: "string" as const, data: [value] } : value;
  if (typeof all !== "number" && all.dtype === "string") {
    guarded(library, FAILED, where, () => calls.texts(all.data, { ...TEXT, ...extent(all.shape) }));
    return;
  }
  const array = typeof all === "number" ? { shape: [], dtype: "float64" as const, data: Float64Array.of(all) } : all;
  const bytes = elementBytes(array);
  borrowed(library, bytes.length, (pointer) => {
    library.HEAPU8.set(bytes, pointer);
    guarded(library, FAILED, where, () =>
      calls.bytes(BigInt(pointer), { ...typeOf(array.dtype), ...extent(array.shape) }),
    );
  });
}

/** Frames of one chunk have about so many bytes, and those that are written at once. */
const CHUNK = 2 ** 20;
const BLOCK = 2 ** 23;

const STORED = { float32: Float32Array, uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array } as const;

/** Deflate, and how hard it tries: harder gains little on counts. */
const DEFLATE = { id: 1, level: 4 } as const;

/** Frames are put together in the library's memory and written in whole chunks, so that none is read again. */
async function writeFrames(writer: Writer, path: string, node: Hdf5Frames): Promise<void> {
  const { library, id, mounted } = writer;
  const { shape, compress, dtype } = node;
  const stored = STORED[dtype];
  const size = stored.BYTES_PER_ELEMENT;
  const [count, height, width] = shape;
  const frame = height * width;
  const chunk = Math.min(Math.max(1, count), Math.max(1, Math.floor(CHUNK / (size * frame))));
  const block = chunk * Math.max(1, Math.floor(BLOCK / (size * frame * chunk)));
  const attempt = (call: () => unknown): unknown => guarded(library, FAILED, path, call);
  attempt(() =>
    library.create_dataset(id, path, 0n, {
      ...typeOf(dtype),
      ...extent([0, height, width]),
      maxshape: [count, height, width].map(BigInt),
      chunks: [chunk, height, width].map(BigInt),
      ...(compress ? { compression: DEFLATE.id, compression_opts: [DEFLATE.level] } : {}),
    }),
  );
  attempt(() => library.resize_dataset(id, path, shape.map(BigInt)));
  writeAttributes(writer, path, node.attributes);
  const pointer = library._malloc(size * frame * block);
  let [first, filled] = [0, 0];
  const flush = (): void => {
    const box = [[filled, height, width].map(BigInt), [BigInt(first), 0n, 0n], [1n, 1n, 1n]] as const;
    attempt(() => library.set_dataset_data(id, path, ...box, BigInt(pointer)));
    mounted.check();
    first += filled;
    filled = 0;
  };
  try {
    for await (const some of node.frames)
      for (let at = 0; at < some.length; ) {
        const taken = Math.min(block - filled, (some.length - at) / frame);
        const part = some.subarray(at, at + taken * frame);
        new stored(library.HEAPU8.buffer, pointer + size * frame * filled, part.length).set(part);
        filled += taken;
        at += taken * frame;
        if (filled === block) flush();
      }
    if (filled > 0) flush();
  } finally {
    library._free(pointer);
  }
  if (first !== count)
    throw new PtychonautError("shape", "patterns are not as many as was said", {
      where: path,
      expected: `${count}`,
      got: `${first}`,
    });
}

const extent = (shape: readonly number[]): Pick<TypeToWrite, "shape" | "maxshape"> => ({
  shape: shape.map(BigInt),
  maxshape: shape.map(BigInt),
});

const TEXT = { type: 3, size: 4, signed: false, littleEndian: true, vlen: true, cset: 1 } as const;

/** H5T_class_t: 0 integer, 1 floating point, 6 compound. */
function typeOf(dtype: NumericDtype): Omit<TypeToWrite, "shape" | "maxshape"> {
  const plain = { littleEndian: true, vlen: false } as const;
  if (dtype === "complex64" || dtype === "complex128") {
    const half = dtype === "complex64" ? 4 : 8;
    const part = { ...plain, type: 1, size: half, signed: false };
    const members = [
      { ...part, name: "r", offset: 0 },
      { ...part, name: "i", offset: half },
    ];
    return { ...plain, type: 6, size: 2 * half, signed: false, compound_type: { members, nmembers: 2 } };
  }
  if (dtype === "float32" || dtype === "float64")
    return { ...plain, type: 1, size: dtype === "float32" ? 4 : 8, signed: false };
  const size = dtype === "bool" ? 1 : Number(/\d+/.exec(dtype)?.[0]) / 8;
  return { ...plain, type: 0, size, signed: dtype.startsWith("int") };
}

/** As they lie in the file. */
function elementBytes({ dtype, data }: NumericArray): Uint8Array {
  const wide = dtype === "int64" || dtype === "uint64";
  const { buffer, byteOffset, byteLength } = wide ? BigInt64Array.from(data, BigInt) : data;
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function borrowed(library: WritingLibrary, size: number, use: (pointer: number) => void): void {
  const pointer = library._malloc(Math.max(1, size));
  if (pointer === 0)
    throw new PtychonautError("memory", "the HDF5 library has no memory left", { got: `${size} bytes` });
  try {
    use(pointer);
  } finally {
    library._free(pointer);
  }
}
