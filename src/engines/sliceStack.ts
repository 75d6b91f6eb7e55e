import type { Placed } from "./batches.ts";
import type { Kernels, Shape, Waves } from "./kernels/kernels.ts";
import { nearPassage, type Passage } from "./passage.ts";
import type { Slices } from "./scan.ts";
import type { SliceChange } from "./wrapperRun.ts";

/** A slice in the light of some frames. */
export interface Layer {
  /** `[B, 1]`: R_j O. */
  readonly patches: Waves;
  /** `[1 or B, M]`: what lights it. */
  readonly probe: Waves;
}

/** ψ behind the object, of all modes, and what lit its planes. */
export interface Passed {
  readonly layers: readonly Layer[];
  readonly waves: Waves;
}

/** Room for an object of one plane. */
export type ThinRoom = Pick<Layer, "patches"> & Pick<Passed, "waves">;

/** How waves pass an object of several planes, on the device. Everything that it returns is good until the next batch. */
export interface ObjectStack {
  /** Planes of the object. */
  readonly count: number;
  /** Whether the probe lights every plane, and not the first alone. */
  readonly parallel: boolean;
  thin(frames: number): ThinRoom;
  exits(object: Waves, probe: Waves, placed: Placed): Passed;
  /** χ behind every plane, the first first, of that of `exits`. */
  changes(layers: readonly Layer[], last: Waves): readonly SliceChange[];
  release(): void;
}

/**
 * Waves of a batch on their way through the slices of an object, on the device: what `physics/multislice.ts` has in graphs.
 * A thin object is one slice.
 */
export class SliceStack implements ObjectStack {
  readonly parallel = false;
  readonly count: number;
  readonly #kernels: Kernels;
  readonly #between: Passage | undefined;
  /** `[B, slices]`. */
  readonly #patches: Waves;
  /** `[B, M]`: behind the last slice. */
  readonly #waves: Waves;
  /** `[B, M]` each: in front of all slices but the first, and χ behind all but the last. */
  readonly #fronts: readonly Waves[];
  readonly #changes: readonly Waves[];

  /** @param shape `[B, M, h, w]` */
  constructor(kernels: Kernels, shape: Shape, slices: Slices | undefined) {
    const [frames, , height, width] = shape;
    this.count = slices?.count ?? 1;
    this.#kernels = kernels;
    this.#between =
      slices === undefined || this.count === 1 ? undefined : nearPassage(kernels, slices.between, [height, width]);
    this.#patches = kernels.waves([frames, this.count, height, width]);
    this.#waves = kernels.waves(shape);
    const others = Array.from({ length: this.count - 1 });
    this.#fronts = others.map(() => kernels.waves(shape));
    this.#changes = others.map(() => kernels.waves(shape));
  }

  thin(frames: number): ThinRoom {
    return { patches: this.#patchesOf(frames, 0), waves: this.#kernels.frames(this.#waves, 0, frames) };
  }

  exits(object: Waves, probe: Waves, { frames: { length: count }, windows }: Placed): Passed {
    const kernels = this.#kernels;
    const waves = kernels.frames(this.#waves, 0, count);
    kernels.cut(kernels.frames(this.#patches, 0, count), object, windows);
    const first = { patches: this.#patchesOf(count, 0), probe };
    kernels.product(waves, first.patches, probe);
    const others = this.#fronts.map((whole, k) => {
      const layer = { patches: this.#patchesOf(count, k + 1), probe: kernels.frames(whole, 0, count) };
      kernels.combine(layer.probe, 1, waves, 0, waves);
      this.#between?.forward(layer.probe);
      kernels.product(waves, layer.patches, layer.probe);
      return layer;
    });
    return { layers: [first, ...others], waves };
  }

  /** χ behind every slice from that behind the last: χ_s−1 = A* O_s* χ_s. */
  changes(layers: readonly Layer[], last: Waves): readonly SliceChange[] {
    const kernels = this.#kernels;
    const found: SliceChange[] = [{ ...layers[layers.length - 1], change: last }];
    for (let s = layers.length - 1; s > 0; s--) {
      const change = kernels.frames(this.#changes[s - 1], 0, last.shape[0]);
      kernels.product(change, layers[s].patches, found[0].change, { conjugate: true });
      this.#between?.adjoint(change);
      found.unshift({ ...layers[s - 1], change });
    }
    return found;
  }

  #patchesOf(frames: number, slice: number): Waves {
    const kernels = this.#kernels;
    const some = kernels.frames(this.#patches, 0, frames);
    return this.count === 1 ? some : kernels.modes(some, slice, 1);
  }

  release(): void {
    this.#between?.release();
    this.#kernels.release(this.#patches, this.#waves, ...this.#fronts, ...this.#changes);
  }
}
