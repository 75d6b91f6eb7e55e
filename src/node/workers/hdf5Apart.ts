import type { ByteSource } from "../../formats/byteSource.ts";
import type { Hdf5Reader } from "../../formats/hdf5/reader.ts";
import type { Neighbours, OpenHdf5 } from "../../formats/neighbours.ts";
import type { Hdf5Request, OpenedHdf5, ReaderMethod } from "./hdf5Protocol.ts";
import { Hdf5Thread, type OwnedFile } from "./hdf5Thread.ts";

/**
 * Opens HDF5 files in a thread of their own: one that breaks the library, or keeps it busy without end, is an error and
 * nothing more. Files stay with this thread, which reads for the other one.
 */
export const openApart: OpenHdf5 = async (source, where, neighbours) => {
  const file = new ApartFile(source, where, neighbours);
  const { keys, brokenLinks, filters } = await file.open();
  const call =
    <M extends ReaderMethod>(method: M) =>
    (...args: Parameters<Hdf5Reader[M]>): ReturnType<Hdf5Reader[M]> =>
      file.call(method, args) as ReturnType<Hdf5Reader[M]>;
  return {
    ...{
      keys,
      brokenLinks,
      filters,
      has: call("has"),
      header: call("header"),
      attributes: call("attributes"),
      bytes: call("bytes"),
    },
    ...{ texts: call("texts"), offset: call("offset"), bitshuffled: call("bitshuffled"), close: () => file.close() },
  };
};

let thread: Hdf5Thread | undefined;

/** A file of this thread, and what it leads to, which the other thread has open. */
class ApartFile implements OwnedFile {
  readonly source: ByteSource;
  readonly where: string;
  readonly neighbours: Neighbours;
  readonly known = new Map<string, ByteSource | undefined>();
  failure?: unknown;
  #thread: Hdf5Thread | undefined;
  #number = -1;

  constructor(source: ByteSource, where: string, neighbours: Neighbours) {
    this.source = source;
    this.where = where;
    this.neighbours = neighbours;
  }

  async open(): Promise<OpenedHdf5> {
    const { current, request } = this.#begin();
    return (await current.ask(request, this)) as OpenedHdf5;
  }

  call(method: ReaderMethod, args: readonly unknown[]): unknown {
    if (this.failure !== undefined) throw this.failure;
    // Another file has ended the thread that this one was open in.
    if (this.#thread?.ended !== false) {
      const { current, request } = this.#begin();
      current.askNow(request, this);
    }
    return this.#thread!.askNow({ kind: "call", id: 0, file: this.#number, method, args }, this);
  }

  close(): void {
    if (this.#thread?.ended === false) this.#thread.close(this.#number, this);
    this.#thread = undefined;
  }

  #begin(): { readonly current: Hdf5Thread; readonly request: Hdf5Request } {
    thread = thread?.ended === false ? thread : new Hdf5Thread();
    this.#thread = thread;
    const file = thread.share(this.source, this);
    this.#number = file.number;
    return { current: thread, request: { kind: "open", id: 0, file, where: this.where } };
  }
}
