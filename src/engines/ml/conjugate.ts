import type { Remembered } from "../engine.ts";
import type { Kernels, Numbers, Waves } from "../kernels/kernels.ts";
import type { Pair } from "./lineSearch.ts";

/**
 * Directions of preconditioned conjugate gradients, h ← z + β h with z = M⁻¹ g and β = max(0, ⟨g, z⟩ − ⟨g′, z⟩) / ⟨g′, z′⟩ of
 * Polak and Ribière, g pointing downhill and g′, z′ being those of the last time. Real parts of inner products, of object and
 * probe together.
 */
export class ConjugateDirections {
  /** h. */
  readonly direction: Pair;
  readonly memory: Readonly<Record<string, Remembered>>;
  readonly #kernels: Kernels;
  readonly #last: Pair;
  /** ⟨g′, z′⟩; 0 at first. */
  readonly #norm: Numbers;
  readonly #dots: Numbers;

  constructor(kernels: Kernels, { object, probe }: Pair) {
    const pair = (): Pair => ({ object: kernels.waves(object.shape), probe: kernels.waves(probe.shape) });
    this.#kernels = kernels;
    this.direction = pair();
    this.#last = pair();
    this.#norm = kernels.numbers(1);
    this.#dots = kernels.numbers(1, 2);
    this.memory = {
      objectDirection: this.direction.object,
      probeDirection: this.direction.probe,
      objectGradient: this.#last.object,
      probeGradient: this.#last.probe,
      gradientNorm: this.#norm,
    };
  }

  /**
   * @param gradient g
   * @param steep z
   * @param fresh forgets what was before
   */
  async next(gradient: Pair, steep: Pair, fresh: boolean): Promise<Pair> {
    const kernels = this.#kernels;
    const [norm] = await kernels.read(this.#norm);
    const now = await this.#inner(gradient, steep);
    const turned = now - (await this.#inner(this.#last, steep));
    let beta = norm > 0 && !fresh ? Math.max(0, turned) / norm : 0;
    // Where the old direction would lead uphill, it is forgotten.
    if (beta > 0 && now + beta * (await this.#inner(gradient, this.direction)) <= 0) beta = 0;
    for (const part of ["object", "probe"] as const) {
      kernels.combine(this.direction[part], 1, steep[part], beta, this.direction[part]);
      kernels.combine(this.#last[part], 1, gradient[part], 0, gradient[part]);
    }
    kernels.write(this.#norm, [now]);
    return this.direction;
  }

  /** The probe was multiplied by a factor, and the object divided: directions follow, and gradients do the opposite. */
  rescale(factor: number): void {
    const times = (waves: Waves, by: number): void => this.#kernels.combine(waves, by, waves, 0, waves);
    times(this.direction.object, 1 / factor);
    times(this.direction.probe, factor);
    times(this.#last.object, factor);
    times(this.#last.probe, 1 / factor);
  }

  async #inner(a: Pair, b: Pair): Promise<number> {
    let sum = 0;
    for (const part of ["object", "probe"] as const) {
      this.#kernels.dot(this.#dots, a[part], b[part]);
      sum += (await this.#kernels.read(this.#dots))[0];
    }
    return sum;
  }

  release(): void {
    const pairs: Waves[] = [this.direction, this.#last].flatMap(({ object, probe }) => [object, probe]);
    this.#kernels.release(...pairs, this.#norm, this.#dots);
  }
}
