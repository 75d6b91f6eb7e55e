import { readlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import type { LibraryHandle } from "koffi";
import { PtychonautError } from "../../errors.ts";
import type { LauncherFamily } from "./launcher.ts";

/** The families of MPI libraries, which differ in how handles look (MPI-5 ends this: its ABI is one for all). */
export type LibraryFamily = "Open MPI" | "MPICH" | "MPI-5 ABI";

type Koffi = typeof import("koffi");

/**
 * The few functions of MPI that are used, on `MPI_COMM_WORLD` and bytes. Buffers are typed arrays. A failure inside MPI ends
 * the job: its default error handler is left as it is.
 */
export interface MpiLibrary {
  readonly path: string;
  readonly family: LibraryFamily;
  /** As the library calls itself. */
  readonly version: string;
  /** @returns the thread level that is granted, from `single` up */
  init(): number;
  /** Level that is enough when one thread makes every call. */
  readonly serialized: number;
  finalize(): void;
  rank(): number;
  size(): number;
  /** Part r of `send` goes to rank r; part r of `receive` came from rank r. All parts have `bytes`. */
  alltoall(send: Uint8Array, receive: Uint8Array, bytes: number): void;
  /** Part r of `receive` is what rank r sent. */
  allgather(send: Uint8Array, receive: Uint8Array, bytes: number): void;
  /** From rank 0. */
  broadcast(buffer: Uint8Array, bytes: number): void;
  /** Waits for all, asleep most of the time: where they come together late, nobody's processor is taken meanwhile. */
  meet(): void;
  /** Ends all processes, from any thread. Not awaited by the caller's thread. */
  abort(code: number): void;
  /** Ends this process, whatever its threads are doing. */
  exitAtOnce(code: number): void;
}

/** Names under which a library is found by the system's loader, or beside the launcher. */
const NAMES: Readonly<Record<LauncherFamily, readonly string[]>> = {
  "Open MPI": ["libmpi.so.40", "libmpi.so.80", "libmpi.40.dylib"],
  MPICH: ["libmpi_abi.so.1", "libmpich.so.12", "libmpi.so.12", "libmpi_cray.so.12", "libmpi.12.dylib"],
  any: [
    ...["libmpi.so.40", "libmpi_abi.so.1", "libmpich.so.12", "libmpi.so.12", "libmpi_cray.so.12"],
    ...["libmpi.40.dylib", "libmpi.12.dylib"],
  ],
};

/** MPI wants more stack than koffi gives by itself. */
const STACK = 8 << 20;

/**
 * The library named, or the first that loads: beside the launcher, then wherever the system looks.
 * @param named path or name; what `PTYCHONAUT_MPI` says
 * @throws PtychonautError "device" when there is none, or koffi is not installed; it says what to install
 */
export async function loadLibrary(family: LauncherFamily, named?: string): Promise<MpiLibrary> {
  const koffi = await loadKoffi();
  koffi.config({ ...koffi.config(), sync_stack_size: STACK, async_stack_size: STACK });
  const paths = named === undefined ? candidates(family) : [named];
  let failure: unknown;
  for (const path of paths) {
    try {
      // Open MPI's plugins look for its symbols among all that are loaded.
      return functionsOf(koffi, koffi.load(path, { global: true }), path);
    } catch (error) {
      failure = error;
    }
  }
  throw notLoaded(family, named, failure);
}

function notLoaded(family: LauncherFamily, named: string | undefined, failure: unknown): PtychonautError {
  return new PtychonautError("device", "no MPI library can be loaded", {
    expected: named ?? NAMES[family].join(", "),
    got: messageOf(failure),
    fix: howToInstall(family),
  });
}

/**
 * The libraries that load here, not started.
 * @param named as `loadLibrary` has it
 * @throws PtychonautError "device" when the one that is named does not load
 */
export async function librariesHere(named?: string): Promise<Pick<MpiLibrary, "path" | "family" | "version">[]> {
  const koffi = await loadKoffi();
  const found = [];
  for (const path of named === undefined ? candidates("any") : [named]) {
    try {
      // Not global: several of them come into one process.
      found.push(functionsOf(koffi, koffi.load(path), path));
    } catch (error) {
      if (named !== undefined) throw notLoaded("any", named, error);
    }
  }
  return found;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function loadKoffi(): Promise<Koffi> {
  try {
    return await import("koffi");
  } catch (cause) {
    throw new PtychonautError("device", "MPI is reached through the package koffi, which is not installed", {
      got: messageOf(cause),
      fix: "npm install koffi",
      cause,
    });
  }
}

/** What to do about a library that is not there, by the launcher's family. */
export function howToInstall(family: LauncherFamily): string {
  const packages = {
    "Open MPI": "Debian: apt-get install openmpi-bin; Fedora: openmpi",
    MPICH: "Debian: apt-get install mpich; Fedora: mpich; PyPI: mpich",
    any: "Debian: apt-get install openmpi-bin, or mpich",
  }[family];
  return `install the library of the launcher's MPI (${packages}), load its module, or name it in PTYCHONAUT_MPI=/path/to/libmpi.so`;
}

/** A launcher that is not in the system's folders has its library in a folder beside its own. */
function candidates(family: LauncherFamily): string[] {
  const names = NAMES[family];
  const beside = launcherFolders().flatMap((folder) =>
    ["lib", "lib64"].flatMap((lib) => names.map((name) => join(folder, "..", lib, name))),
  );
  return [...beside, ...names];
}

function launcherFolders(): string[] {
  try {
    return [dirname(readlinkSync(`/proc/${process.ppid}/exe`))];
  } catch {
    return [];
  }
}

function functionsOf(koffi: Koffi, library: LibraryHandle, path: string): MpiLibrary {
  const { family, handle, world, byte, serialized, multiple } = dialectOf(koffi, library, path);
  const declare = (name: string, types: (string | ReturnType<Koffi["out"]>)[]) => library.func(name, "int", types);
  const number = koffi.out(koffi.pointer("int"));
  const init = declare("MPI_Init_thread", ["void*", "void*", "int", number]);
  const finalize = declare("MPI_Finalize", []);
  const rank = declare("MPI_Comm_rank", [handle, number]);
  const size = declare("MPI_Comm_size", [handle, number]);
  const parts = ["void*", "int", handle, "void*", "int", handle, handle];
  const alltoall = declare("MPI_Alltoall", parts);
  const allgather = declare("MPI_Allgather", parts);
  const broadcast = declare("MPI_Bcast", ["void*", "int", handle, "int", handle]);
  const begin = declare("MPI_Ibarrier", [handle, "void*"]);
  const test = declare("MPI_Test", ["void*", "void*", "void*"]);
  const abort = declare("MPI_Abort", [handle, "int"]);
  const version = declare("MPI_Get_library_version", ["void*", number]);
  const check = (code: number): void => {
    if (code !== 0) throw new PtychonautError("device", "MPI failed", { where: path, got: `error ${code}` });
  };
  const answer = (ask: (out: number[]) => number): number => {
    const out = [0];
    check(ask(out));
    return out[0];
  };
  return {
    path,
    family,
    version: versionOf(version),
    serialized,
    init: () => answer((out) => init(null, null, multiple, out)),
    finalize: () => check(finalize()),
    rank: () => answer((out) => rank(world, out)),
    size: () => answer((out) => size(world, out)),
    alltoall: (send, receive, bytes) => check(alltoall(send, bytes, byte, receive, bytes, byte, world)),
    allgather: (send, receive, bytes) => check(allgather(send, bytes, byte, receive, bytes, byte, world)),
    broadcast: (buffer, bytes) => check(broadcast(buffer, bytes, byte, 0, world)),
    meet() {
      // Room for a request, an answer and a status of any family.
      const [request, met, status] = [new BigInt64Array(1), new Int32Array(1), new BigInt64Array(8)];
      check(begin(world, request));
      for (let ms = 0; met[0] === 0; ms = Math.min(LONGEST_NAP_MS, ms + 0.05)) {
        check(test(request, met, status));
        if (met[0] === 0 && ms > 0) Atomics.wait(bed, 0, 0, ms);
      }
    },
    abort: (code) => abort.async(world, code, () => {}),
    exitAtOnce: (code) => koffi.load(null).func("_exit", "void", ["int"])(code),
  };
}

/** Where naps are taken. */
const bed = new Int32Array(new SharedArrayBuffer(4));
const LONGEST_NAP_MS = 5;

interface Dialect {
  readonly family: LibraryFamily;
  readonly handle: string;
  readonly world: number | bigint;
  readonly byte: number | bigint;
  readonly serialized: number;
  readonly multiple: number;
}

/** The handles of a family: addresses in Open MPI, numbers in MPICH, small numbers as wide as a pointer in MPI-5's ABI. */
function dialectOf(koffi: Koffi, library: LibraryHandle, path: string): Dialect {
  const has = (name: string): boolean => {
    try {
      library.symbol(name);
      return true;
    } catch {
      return false;
    }
  };
  const address = (name: string): bigint => koffi.address(library.symbol(name));
  if (/libmpi_abi/.test(path) || (has("MPI_Abi_get_version") && !has("MPI_Comm_c2f")))
    return {
      ...{ family: "MPI-5 ABI", handle: "intptr_t", world: 0x101, byte: 0x247 },
      serialized: 2048,
      multiple: 4096,
    };
  const levels = { serialized: 2, multiple: 3 };
  if (has("ompi_mpi_comm_world"))
    return {
      ...{ family: "Open MPI", handle: "intptr_t", ...levels },
      ...{ world: address("ompi_mpi_comm_world"), byte: address("ompi_mpi_byte") },
    };
  return { family: "MPICH", handle: "int", world: 0x44000000, byte: 0x4c00010d, ...levels };
}

function versionOf(ask: (buffer: Uint8Array, length: number[]) => number): string {
  const buffer = new Uint8Array(8192);
  const length = [0];
  ask(buffer, length);
  const text = new TextDecoder().decode(buffer.subarray(0, length[0]));
  // Packagers add who built it, and when.
  const [first] = text.split(/[\n,]/);
  return first.replaceAll(/[\s\0]+/g, " ").trim();
}
