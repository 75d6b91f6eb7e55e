import type { Placed } from "./batches.ts";
import type { Kernels, Shape, Waves } from "./kernels/kernels.ts";
import type { Layer, ObjectStack, Passed, ThinRoom } from "./sliceStack.ts";
import type { SliceChange } from "./wrapperRun.ts";

/**
 * Waves of a batch behind an object that is in several states while it is seen: each state k under each mode m of the probe
 * has an exit wave of its own, P_m R_j O_k, and their patterns add up,
 *
 *   Î_j = Σ_km |F P_m R_j O_k|²
 *
 * (Thibault & Menzel, Nature 494, 68 (2013); Li, Edo, Batey, Rodenburg & Maiden, Opt. Express 24, 9038 (2016)).
 */
export class ModeStack implements ObjectStack {
  readonly parallel = true;
  readonly count: number;
  readonly #kernels: Kernels;
  readonly #modes: number;
  /** `[B, states]`. */
  readonly #patches: Waves;
  /** `[B, states · M]`, state after state. */
  readonly #waves: Waves;

  /** @param shape `[B, M, h, w]` */
  constructor(kernels: Kernels, [frames, modes, height, width]: Shape, count: number) {
    this.count = count;
    this.#kernels = kernels;
    this.#modes = modes;
    this.#patches = kernels.waves([frames, count, height, width]);
    this.#waves = kernels.waves([frames, count * modes, height, width]);
  }

  thin(frames: number): ThinRoom {
    const kernels = this.#kernels;
    return { patches: kernels.frames(this.#patches, 0, frames), waves: kernels.frames(this.#waves, 0, frames) };
  }

  exits(object: Waves, probe: Waves, { frames: { length: count }, windows }: Placed): Passed {
    const kernels = this.#kernels;
    const { patches: all, waves } = this.thin(count);
    kernels.cut(all, object, windows);
    const layers = Array.from({ length: this.count }, (_, k) => {
      const patches = kernels.modes(all, k, 1);
      kernels.product(this.#of(waves, k), patches, probe);
      return { patches, probe };
    });
    return { layers, waves };
  }

  changes(layers: readonly Layer[], last: Waves): readonly SliceChange[] {
    return layers.map((layer, k) => ({ ...layer, change: this.#of(last, k) }));
  }

  #of(waves: Waves, state: number): Waves {
    return this.#kernels.modes(waves, state * this.#modes, this.#modes);
  }

  release(): void {
    this.#kernels.release(this.#patches, this.#waves);
  }
}
