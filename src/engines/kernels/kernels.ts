/**
 * What engines compute with: planes of complex and real numbers on a device, and operations on them. An engine is written
 * once on this seam. Homes: `float64.ts`, plain loops, the oracle that the others are held to; WebAssembly; WebGPU.
 *
 * Operations are recorded, in order, and run at the latest when a number is read: only `read` is awaited. Where one is
 * given a result that is also an operand, plane for plane, it works in place.
 *
 * **Shapes** are `[frames, modes, height, width]`. Extents of 1 among frames and modes repeat against longer ones; where
 * the result has an extent of 1, terms are summed over it: `product(out, probe, change, { conjugate: true })` with out
 * `[1, M]`, probe `[B, 1]` and change `[B, M]` sums over frames.
 *
 * **Order of pixels.** In the sample's plane row-major, the centre of a window at floor(n/2). In the detector's plane zero
 * frequency is at index 0: `detectorOrder.ts` turns measured images once. `fourier` is the unitary DFT with both origins
 * at index 0, which differs from the centred transform of `numerics/fft.ts` by that turn and by phases that no measured
 * intensity knows.
 *
 * **Numbers** should be of order one: single precision may be all that a home has, and denormals are slow.
 *
 * Results do not depend on the number of threads, to the last bit.
 */
export interface Kernels {
  readonly home: "float64" | "wasm" | "webgpu";
  /** Unit of rounding: 2⁻⁵³ or 2⁻²⁴. */
  readonly epsilon: number;
  readonly threads: number;
  /** Of a GPU, for people. */
  readonly device?: string;
  /** Why these were taken, where somebody chose. */
  readonly why?: string;

  /** Zeros. @throws PtychonautError "memory" where the home has no room; it says how much was asked for */
  waves(shape: Shape): Waves;
  images(shape: Shape): Images;
  /** `each` numbers a frame. Default 1. */
  numbers(frames: number, each?: number): Numbers;
  windows(frames: number): Windows;
  /** Some of the frames, or of the modes, in the same memory: nothing is copied, and nothing of it is to be released. */
  frames<T extends Held>(of: T, from: number, count: number): T;
  modes<T extends Waves | Images>(of: T, from: number, count: number): T;
  /** Gives memory back; what is released is not to be used again. */
  release(...held: readonly Held[]): void;
  /** Bytes that are held now. */
  readonly heldBytes: number;

  /** Tight row-major numbers, complex ones interleaved. Waits for nothing; operations recorded before see the old values. */
  write(target: Waves | Images | Numbers, values: ArrayLike<number>): void;
  /** Where each frame's window begins, and how far between pixels it lies. */
  place(target: Windows, windows: WindowPlaces): void;
  read(source: Waves | Images | Numbers): Promise<Float32Array | Float64Array>;

  /** Patches of the object: out[j, k] = R_j object[0, k]. Between pixels, bilinear. */
  cut(out: Waves, object: Waves, windows: Windows): void;
  /** The adjoint: canvas[0, k] += factor Σ_j R_jᵀ patches[j, k]; the factor is 1 unless given. */
  paste(canvas: Waves, patches: Waves, windows: Windows, factor?: number): void;
  /** Both for real images `[B or 1, 1]`, with the same weights between pixels. */
  cutImages(out: Images, canvas: Images, windows: Windows): void;
  pasteImages(canvas: Images, images: Images, windows: Windows, factor?: number): void;

  /** Unitary DFT of each plane; out may be the input. The inverse is the adjoint. */
  fourier(out: Waves, waves: Waves, direction: "forward" | "inverse"): void;
  /** exp(−2πi (u s_y / h + v s_x / w)), frequencies in the detector's order: between transforms it moves a plane by s. */
  ramps(out: Waves, shifts: Numbers): void;

  /** out (+)= Σ a b, or Σ a* b where `conjugate`. */
  product(out: Waves, a: Waves, b: Waves, how?: { readonly conjugate?: boolean; readonly add?: boolean }): void;
  /** out (+)= Σ |a|². */
  power(out: Images, a: Waves, how?: { readonly add?: boolean }): void;
  /** out (+)= Σ Re a* b: what two waves add to each other's power. */
  interference(out: Images, a: Waves, b: Waves, how?: { readonly add?: boolean }): void;
  /** out (+)= waves × images. */
  scale(out: Waves, waves: Waves, images: Images, how?: { readonly add?: boolean }): void;
  /** out (+)= Σ a b, of real images. */
  multiplyImages(out: Images, a: Images, b: Images, how?: { readonly add?: boolean }): void;
  /** out = 1 / (images + dark). */
  reciprocal(out: Images, images: Images, dark: number): void;
  /** out = α a + β b. Factors are numbers, or one a frame. */
  combine<T extends Waves | Images>(out: T, alpha: Factor, a: T, beta: Factor, b: T): void;
  /** out (+)= step · numerator / denominator of the weights (see `Denominator`); 0 where that is 0. */
  divide(
    out: Waves,
    numerator: Waves,
    weights: Images,
    denominator: Denominator,
    how?: { readonly step?: Factor; readonly add?: boolean },
  ): void;
  /** out = value everywhere. */
  fill(out: Waves | Images | Numbers, value: number): void;

  /**
   * Compares expected intensities with measured amplitudes √I, on valid pixels of the mask; 0 elsewhere. `factor` × Ψ is
   * the step to take in the detector's plane, of length 1:
   * - "gaussian" (of amplitudes; the modulus projection): √I / √Î − 1, and −1 ≤ it; 0 where Î is 0
   * - "poisson": (I − Î) / (Î + dark): of counts with a read-out noise of variance `dark` (the shifted Poisson likelihood of
   *   Snyder, Hammoud & White 1993), at most I / dark where hardly any light is expected
   * - "intensity": I − Î, Gaussian in intensities; the weight is the caller's
   * `misfit`, 4 numbers a frame: Σ (√Î − √I)², Σ I, Poisson deviance Σ 2 (Î − I + I ln(I / Î)) with Î + ε for Î, ε =
   * `POISSON_DARK`, number of valid pixels.
   *
   * @param dark in the unit of the measured intensities. Default `POISSON_DARK`
   */
  likelihood(
    factor: Images,
    expected: Images,
    measured: Images,
    mask: Images | undefined,
    kind: LikelihoodKind,
    misfit: Numbers,
    dark?: number,
  ): void;

  /** out, 2 numbers a frame: Σ a* b over modes and pixels, real and imaginary part. */
  dot(out: Numbers, a: Waves, b: Waves): void;
  /** out, a number a frame: Σ a b over modes and pixels; without b, Σ a. */
  sum(out: Numbers, a: Images, b?: Images): void;
  /** out[0] = the largest value of all. */
  largest(out: Numbers, a: Images): void;

  /** Compounds, which every home has from `compound.ts` and may have faster of its own. */
  exitChange(terms: ExitChange): void;
  pieStep(terms: PieStep): void;
  stepOverlaps(terms: StepOverlaps): void;

  /** Ends threads and gives all memory back. */
  close(): Promise<void>;
}

export type Shape = readonly [frames: number, modes: number, height: number, width: number];

/** Complex planes. What they hold is the home's own. */
export interface Waves {
  readonly kind: "waves";
  readonly shape: Shape;
}
/** Real planes. */
export interface Images {
  readonly kind: "images";
  readonly shape: Shape;
}
/** Real numbers, some a frame. */
export interface Numbers {
  readonly kind: "numbers";
  readonly frames: number;
  readonly each: number;
}
/** Where windows lie on a canvas. */
export interface Windows {
  readonly kind: "windows";
  readonly frames: number;
}
export type Held = Waves | Images | Numbers | Windows;

export interface WindowPlaces {
  /** `[frame, 2]`: row and column of each window's first pixel on the canvas. */
  readonly corners: Int32Array;
  /** `[frame, 2]`, in [0, 1): pixel y of the window lies at row corner + y + fraction. Absent: whole pixels. */
  readonly fractions?: Float64Array;
}

/** One number for all, or one a frame (that of a single frame serves all). */
export type Factor = number | Numbers;

/** What a gradient is divided by, of the light W that fell on each pixel and `most`, its largest value. */
export interface Denominator {
  /** "linear": (1 − α) W + α most (Maiden, Johnson & Li 2017). "quadrature": √(W² + (α most)²) (Odstrčil 2018). */
  readonly form: "linear" | "quadrature";
  readonly alpha: number;
  readonly most: Factor;
}

export type LikelihoodKind = "gaussian" | "poisson" | "intensity";

/** Added to expected counts where they are divided by, in the unit of the measured images, which are of order one. */
export const POISSON_DARK = 1e-6;

/** ψ = P R O, Ψ = F ψ, Ψ' by the likelihood's full step, χ = F⁻¹ (Ψ' − Ψ): far field, one slice, no background. */
export interface ExitChange {
  readonly object: Waves;
  /** `[1 or B, M]`. */
  readonly probe: Waves;
  readonly windows: Windows;
  /** `[B, 1]`, √I. */
  readonly measured: Images;
  readonly mask?: Images;
  readonly likelihood: LikelihoodKind;
  /** Of "poisson", as in `Kernels.likelihood`. */
  readonly dark?: number;
  /** `[B, M]`, results: χ, patches `[B, 1]`, misfit as in `likelihood`. */
  readonly change: Waves;
  readonly patches: Waves;
  readonly misfit: Numbers;
}

/** PIE, one frame after the other in the order given, object and probe in place (`engines/pie.ts` has the formulas). */
export interface PieStep extends Omit<ExitChange, "change" | "patches"> {
  readonly objectStep: number;
  readonly probeStep: number;
  /** α of both denominators. */
  readonly alpha: number;
}

/** Inner products by which the lengths of steps are solved: u = P (R_j object − patches), v = ΔP patches, over all modes. */
export interface StepOverlaps {
  /** `[B, 1]`: patches of the object before it moved. */
  readonly patches: Waves;
  /** `[1, 1]`: the object moved by the whole of its direction. */
  readonly object: Waves;
  readonly windows: Windows;
  /** `[1 or B, M]`. */
  readonly probe: Waves;
  /** `[B, M]`: χ. */
  readonly change: Waves;
  /** `[1 or B, M]`, as the probe: ΔP. Absent where the probe stays. */
  readonly direction?: Waves;
  /** Results, of all frames one after the other: ⟨u, u⟩, Re ⟨u, χ⟩; and with a direction ⟨v, v⟩, Re ⟨v, χ⟩, Re ⟨u, v⟩. */
  readonly out: Numbers;
}
