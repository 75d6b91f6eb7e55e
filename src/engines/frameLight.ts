import { PtychonautError, setting } from "../errors.ts";
import type { Placed } from "./batches.ts";
import type { SubPixel } from "./canvas.ts";
import type { Kernels, Shape, Waves } from "./kernels/kernels.ts";
import { ProbeShift } from "./probeShift.ts";
import type { Optics } from "./wrapperRun.ts";

/** What lights frames: the probe, moved between pixels where light is, and what wrappers make of it. */
export class FrameLight {
  readonly #kernels: Kernels;
  readonly #optics: () => readonly Optics[];
  readonly #shift: ProbeShift | undefined;

  /**
   * @param shape `[B, M, h, w]`
   * @param optics of wrappers, asked for whenever light is
   * @throws PtychonautError "usage" where light is to be moved in a near field
   */
  constructor(kernels: Kernels, shape: Shape, options: FrameLightOptions) {
    this.#kernels = kernels;
    this.#optics = options.optics;
    if (options.subPixel !== "fourier") return;
    if (!options.isFarField) throw nearFieldShift();
    this.#shift = new ProbeShift(kernels, shape);
  }

  /** Whether light is moved between pixels. */
  get isMoved(): boolean {
    return this.#shift !== undefined;
  }

  /** Whether frames have light of their own. */
  get isOwn(): boolean {
    return this.isMoved || this.#optics().some(({ probe }) => probe !== undefined);
  }

  /** What would light frames if this were the probe. Good until the next is asked for. */
  of(placed: Placed, probe: Waves): Waves {
    const { shifts } = placed;
    const moved = this.#shift === undefined || shifts === undefined ? probe : this.#shift.light(probe, shifts);
    return this.#optics().reduce<Waves>((light, part) => part.probe?.(placed, light) ?? light, moved);
  }

  /** A change of the probe `[1, M]` as frames have it, `[1 or B, M]`: moved between pixels where light is. */
  moved({ shifts }: Placed, direction: Waves): Waves {
    return this.#shift === undefined || shifts === undefined ? direction : this.#shift.other(direction, shifts);
  }

  /** out `[1, M]` += Σ_j patches_j* change_j, what frames ask of the probe: the adjoint of `moved`, of their products. */
  addBack(out: Waves, { shifts }: Placed, patches: Waves, change: Waves): void {
    if (this.#shift === undefined || shifts === undefined)
      this.#kernels.product(out, patches, change, { conjugate: true, add: true });
    else this.#shift.addBack(out, patches, change, shifts);
  }

  release(): void {
    this.#shift?.release();
  }
}

interface FrameLightOptions {
  readonly subPixel: SubPixel;
  readonly isFarField: boolean;
  readonly optics: () => readonly Optics[];
}

const nearFieldShift = (): PtychonautError =>
  new PtychonautError("usage", "light that is moved between pixels moves a near field with it", {
    fix: `take ${setting("sub_pixel", "bilinear")}`,
  });
