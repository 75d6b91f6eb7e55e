import { saidByAll } from "../../communicator.ts";
import type { ByteSource, MakeScratch } from "../../formats/byteSource.ts";
import type { ScanSource } from "../../scans/scanFormat.ts";
import type { Home } from "../machine.ts";
import type { OpenFile } from "../store.ts";

/** Where patterns go, or are, that cannot be read in their file. */
type Laying = Pick<ScanSource, "scratch" | "laidOut">;

/**
 * Scratch files of patterns in several processes: the first of each computer lays them out, the others there open what it
 * made. One that cannot see it makes its own.
 */
export class LaidOutTogether {
  readonly #make: MakeScratch;
  readonly #home: Home;
  readonly #open = new Map<string, OpenFile>();

  constructor(make: MakeScratch, home: Home) {
    this.#make = make;
    this.#home = home;
  }

  /** @param read a scan, whose patterns are laid out, or are already */
  async read<T>(read: (laying: Laying) => T): Promise<T> {
    const { ranks, about } = this.#home.machine;
    if (ranks.size === 1) return read({ scratch: this.#make });
    const hosts = await saidByAll(ranks, about.host);
    const first = hosts.indexOf(about.host);
    const made = new Map<string, ByteSource>();
    const own = first === ranks.rank ? read({ scratch: this.#recorded(made) }) : undefined;
    const paths = [...made].flatMap(([why, { path }]) => (path === undefined ? [] : [[why, path] as const]));
    const ofAll = await saidByAll(ranks, paths);
    if (own !== undefined) return own;
    for (const [why, path] of ofAll[first]) await this.#seen(why, path);
    return read({ scratch: this.#make, laidOut: (why) => this.#open.get(why) });
  }

  #recorded(made: Map<string, ByteSource>): MakeScratch {
    return (bytes, why) => {
      const file = this.#make(bytes, why);
      made.set(why, file.source());
      return {
        ...file,
        remove() {
          made.delete(why);
          file.remove();
        },
      };
    };
  }

  async #seen(why: string, path: string): Promise<void> {
    const file = await this.#home.store.open(path).catch(() => undefined);
    if (file !== undefined) this.#open.set(why, file);
  }

  close(): void {
    for (const file of this.#open.values()) file.close();
    this.#open.clear();
  }
}
