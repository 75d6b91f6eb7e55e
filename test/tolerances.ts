/** Every tolerance the tests use, each with its reason. Named by what is compared. */
/** One rounding of float32, relative. */
const EPS32: number = 2 ** -24;

export const tolerances = {
  /** Rounding of a float32 sum; to be multiplied by the norms of the factors and √terms. */
  float32Sum: 4 * EPS32,
  /** The same float32 sums of a few thousand terms in another order, relative to the largest value. */
  otherSummationOrder: 1e-5,
  /** Central differences in float32: truncation grows as h², cancellation as EPS32 / h; both stay under 1e-3 of the slope. */
  centralDifference: { step: 1e-2, relative: 1e-3 },
  /** Relative: Wallace's normal deviate of Student's t at four degrees of freedom, against the tables (5.2 % at 0.005). */
  wallaceTail: 0.06,
  /** A few hundred float64 roundings of numbers of order one. */
  float64Fft: 1e-12,
  /**
   * Transforms in float32, of n points in all, against exact ones, norm against norm: roundings of random sign leave 0.6 ε a doubling
   * at most (Weinstein 1969: √(log2 n) of them); sizes by convolution take two transforms of twice the length and three products.
   */
  float32Fft: (n: number): number => 3 * 0.6 * EPS32 * Math.log2(n),
  /** Inner product of unit vectors stored as float32: 6e-8 per element, random signs. */
  float32Orthogonality: 1e-6,
  /** The reference stitches in float32 with float32 positions (its bilinear weights are good to about 1e-6 of a pixel); relative to the largest value. */
  stitchedObject: 5e-5,
  /** Pixels: canvas positions near 100 stored as float32. */
  stitchedPosition: 2e-5,
  /** Radians: what bilinear interpolation of a smooth object (curvature below 0.1 per pixel squared) leaves in an overlap. */
  alignedPhase: 0.01,
  /** What a narrow beam scatters beyond the detector's edge comes back in a discrete transform of the window and does not in a finer sum: below 1e-4 of the amplitude at the edge, relative to the largest intensity. */
  aliasedBeam: 2e-4,
  /** What is left at the window's edge of a Gaussian, exp(−48²/36) of its middle before and more after it has spread: under 1e-9. */
  gaussianTails: 1e-9,
  /** The angular spectrum against the paraxial integral, at angles below 1 mrad, of slits exp(−(x/3)²); their spectrum beyond half a cycle a pixel, exp(−(3π/2)²) of the whole. */
  paraxialFocus: 1e-6,
  /** A few float32 roundings, relative to the largest value. */
  float32Rounding: 1e-6,
  /** Degrees, and relative: of axes that shadows of some 30 pairs a part tell, a tenth of a pixel in five over √30, four times. */
  shadowStrain: { skew: 1.5, aspect: 0.03 },
  /** Pixels: of a disk of 150 pixels, √44 more of the 44 on its rim, 7 pixels away, lie on one side with a tenth of its light each. */
  beamCentre: 0.05,
  /** Pixels: the same where masked pixels take the value of the one opposite, rounded to a pixel, in a fifth of the disk. */
  maskedBeamCentre: 0.3,
  /** Simulation fixtures (README of the fixtures: 1e-4 of the maximum). */
  paritySimulation: 1e-4,
  /** Scale factors of the reference, computed there in float32 over up to a few million numbers (README of the fixtures: 1e-5). */
  parityScaleFactor: 1e-5,
  /** Scan positions in float64 (README of the fixtures: 1e-9 pixels). */
  parityPosition: 1e-9,
  /** A dozen optimiser steps of float32 roundings, relative to the largest parameter. */
  optimizerSteps: 2e-6,
  /** Metrics fixtures (README of the fixtures): 1e-4, PSNR 1e-3 dB, ring of a crossing 0.01. */
  parityMetrics: 1e-4,
  parityPsnr: 1e-3,
  parityRing: 0.01,
  /** Relative: the same formulas in float64 over 40,000 pixels, in another order; a correlation near 0 loses two digits. */
  standardMetric: 1e-10,
  /** Relative: pytorch-msssim keeps its Gaussian window in float32, whose eleven weights are each off by up to 6e-8. */
  float32Window: 1e-6,
  /** Pixels: scikit-image finds shifts on a grid of 1/100. */
  registrationFineGrid: 0.01,
  /** Pixels: the reference finds shifts on a grid of 1/50. */
  registrationGrid: 0.02,
  /** Networks against the reference's (README of the fixtures: 1e-4 of the array's maximum for the CNN, 1e-5 for attention). */
  parityNetwork: 1e-4,
  parityAttention: 1e-5,
  /** The same step with sums of gradients in another order: a few roundings, carried through a few optimiser steps. */
  splitStep: 5e-6,
  /**
   * Weights and losses of a training whose sums are made in another order, over how far an epoch moves them: gradients of
   * float32 differ by some 1e-6 of their length, and each of up to 24 steps adds as much, and what the steps before it
   * moved the next gradients by.
   */
  ranksStep: 2e-4,
  /** Sums in float64 of up to some 1e5 numbers without a sign, in another order: 1.1e-16 for each on the way at most. */
  orderOfSums: 1e-11,
  /** The same patches, predicted in batches of another size and added in another order: roundings of float32, of order 1. */
  ranksObject: 1e-5,
  /** Four epochs of conjugate gradients in float32, whose sums over frames round by some 1e-6: objects of order 1. */
  ranksReconstruction: 1e-4,
  /** Relative: ramps found to 1e-9 rad per pixel over 70 pixels. */
  gaugeResidual: 1e-6,
  /** Pixels: sharp edges sampled by interpolation, and content that differs in a border of the shift's width. */
  registrationWithBorders: 0.05,
  /** Relative: Lanczos interpolation with four lobes of an image band-limited to 0.2 cycles per pixel. */
  lanczosSmooth: 0.005,
  /** Relative: an image stored as float32, and a shift found as not quite zero. */
  perfectReconstruction: 1e-3,
  /** Operators on a GPU: Vulkan and WGSL allow sin and cos an absolute error of 2^-11; relative to the largest value. */
  gpuOperator: 2 ** -10,
  /** A few training steps on a GPU against the CPU, each array relative to its largest value: the same 2^-11 in the phase factors. */
  gpuTrainingSteps: 1e-3,
  /** Operators and a few training steps on WASM against the CPU: float32 sums in another order. */
  wasmOperator: 1e-6,
  wasmTrainingSteps: 1e-5,
  /** Two orders of the same float32 sums of a few dozen products, relative to the largest value. */
  float32Convolution: 1e-5,
  /** Relative: slopes through a whole network in float64, h = 1e-7: rounding of sums of thousands, over h. */
  networkSlope64: 1e-4,
  /** Central differences through a whole float32 network, whose ReLUs and maxima switch here and there within the step. */
  networkDifference: { steps: [1e-2, 1e-1, 3e-3], relative: 2e-2 },
  /**
   * Fresh networks: mean square of any block's output over the input's; relative change of the output between two
   * patterns; distance of the mean amplitude from where it should rest; deviation from a flat object.
   */
  freshSignal: { level: [0.02, 5], change: 1e-3, rest: 0.1, flatness: 0.4 },
  /** Amplitudes, intensities and scales of the forward model (README of the fixtures: 1e-5 of the maximum). */
  parityPhysics: 1e-5,
  /** Where the reference stopped an iterative solver. */
  parityGradientSolver: 1e-3,
  /** Merged canvases and extracted patches (README of the fixtures: 5e-5 of the maximum, where the count is over 1e-4 of its own). */
  parityMerge: 5e-5,
  parityMergeCount: 1e-4,
  /** One rounding of the pixel coordinate from which the reference computes bilinear weights, relative to the canvas's side. */
  parityMergeCoordinate: EPS32,
  /** Losses and their gradients (README of the fixtures: 1e-5 relative). */
  parityLoss: 1e-5,
  /** A exp(iφ) of outputs good to `parityNetwork`: an error of 1e-4 of a phase of up to 7 rad moves both parts by 7e-4 of A. */
  parityPatches: 1e-3,
  /** ln k! of small counts in float32: a difference of terms up to 30. */
  logFactorial: 1e-5,
  /** R of a perfect object of contrast one: up to 1e-3 of the light falls on pixels that are not known. */
  refittedR: 0.032,
  /** Its deviance: 4 R² times the mean counts of a pixel, about ten. */
  refittedDeviance: 0.04,
  /** Training steps of the reference system in float32 (fixtures README, section 7). */
  referenceTraining: {
    prediction: 1e-4,
    /** The loss of given weights. */
    firstLoss: 1e-6,
    /** Well-conditioned trainings, up to step 5 (in float64 they differ by 2e-6 at most). */
    loss: 5e-5,
    /** The others. */
    earlyLoss: 1e-4,
    lateLoss: 0.02,
    /** Rates near 1e-8, where float32 lgamma(k + 1) loses k. */
    noisyLoss: 2e-3,
    /** Relative L2 of a tensor's gradient, and its norm; ours differ by 6e-5 at most but for one (`unsteady`). */
    gradient: 1e-4,
    /** One step from given weights. */
    firstStep: 1e-6,
    parameter: 2e-5,
    /** Part of the elements that may lie further off: gradients that are rounding noise move them by the learning rate. */
    outliers: 1e-3,
    /** Relative, of each tensor's way in five steps. */
    distance: 0.05,
    /**
     * Ours over a float64 evaluation's, where it exceeds that: of gradients (one bias's of encoder block 1 in `mmap_mae` is stored
     * with a norm that is 1.2e-4 off ours and off float64 alike), and of how far tensors went. Two float32 evaluations of one chaotic path differ by √2 times
     * what each is off, twice as much being common: 5.3 % and 3.6 % in a bias of `clipnorm`, 202 % in one of `mae_l2match`.
     */
    unsteady: 3,
  },
  /**
   * Relative, of scales fitted to 4e6 photons: 1/√4e6 = 5e-4 for one scale of everything; least squares leans on the bright
   * pixels, a hundredth of all, and parts that share the light have larger errors each. Ten times that.
   */
  scalesInNoise: 5e-3,
  /** Scales fitted through a canvas with an edge: up to 1e-3 of the light falls on what is not known (`refittedR`), its root on amplitudes. */
  scalesAtEdges: 0.032,
  /** R and deviance of patterns simulated twice from one object: float32 patterns, and a background of 1e-4 counts a pixel. */
  simulatedAgain: 2e-3,
  /**
   * Published statistics of the grid-lines data: 0.01 as stated there, for means that hardly depend on the random lines;
   * the phase's mean varies by 0.04 and its deviation by 0.015 from image to image, here averaged over two.
   */
  linesStatistics: { publishedMean: 0.01, publishedPhase: 0.05 },
  /**
   * R of patterns predicted from an object that was interpolated linearly, pixels a sixth of what it varies over at most: its
   * error is (1/6)²/8 to (2/6)²/8 of the object's curvature, a percent. Half a pixel of displacement makes two and more.
   */
  resampledPrediction: 0.015,
  /**
   * R of patterns of bins of b × b pixels predicted at the bins' middles, over b² − 1. The mean over a bin differs from the
   * middle's value by (b² − 1)/24 of the intensity's curvature along each axis, (2π w/N)² of it where the exit wave's
   * autocorrelation is w = 4.2 pixels wide: (b² − 1) 0.0073 of an amplitude on two axes with N = 64, half as much again where
   * speckles are dark. Middles that are taken half a pixel off make twice as much and more.
   */
  binnedPrediction: 0.011,
  /** R of patterns predicted from what made them: amplitudes and their places went through float32 files. */
  samePrediction: 1e-3,
  engines: {
    /** Of the norm of object and probe, after some epochs from the truth: stated by what an engine is to keep. */
    fixedPoint: 1e-4,
    /** Float64 sums in another order, through some epochs of rounding: 1e3 roundings of 2⁻⁵³, and steps that amplify them. */
    sameNumbers: 1e-9,
    /**
     * Of engines in single precision: an update is 4e-7 to 3e-6 off, since pixels where hardly any light is expected take their
     * phase from rounding; a hundred updates, which partly add up.
     */
    singlePrecision: 1e-4,
    /** The energy of the probe is fitted anew, in sums of float32 numbers: a rounding of 6e-8, through some epochs. */
    sameScan: 1e-6,
    /** The same of engines that compute in float32: 1e2 roundings of 2⁻²⁴. */
    sameSingles: 6e-6,
    /** Gradients of two programs in float64, of which one has float32 constants: 2⁻²⁴ of each matrix element, random signs. */
    gradient: 1e-6,
    /**
     * Relative, of errors after some epochs: from a flat object the far field has pixels darker than single precision sees,
     * whose phases are any. One epoch of rPIE moves objects apart by 1 % of their norm, and their errors by as much.
     */
    errorInSingles: 0.2,
    /** Relative, of slopes of likelihoods and priors in float64 from central differences, to fourth order, 2⁻⁵³ / h with h = 1e-5. */
    slope: 1e-6,
    /** Relative, of a polynomial along a line from the likelihood computed at its points: sums over 10⁴ pixels in float64. */
    alongLine: 1e-9,
    /** RMS of frames' intensities found without noise, whose object is known as well as fifty epochs bring it. */
    floatingIntensity: 0.01,
    /** R after thirty epochs without noise: the corners of the canvas, which hardly any light meets, come last and leave 2 %. */
    pieResidual: 0.02,
    /** Of the worst frame's misfit what is left of the best one's before: the same 2 % in amplitude, squared, ten times over. */
    pieMisfitLeft: 0.1,
    /** 1 − |⟨a, b⟩|² over what the probe meets often: some of these 2 %, squared. */
    pieObject: 1e-3,
    /** The same beside a probe that starts wrong by a third and is found within a tenth of that. */
    pieObjectOfWrongProbe: 1e-2,
    /** Squared residuals with a probe that is bettered over those with one that is not: within a third of it in amplitude. */
    pieProbeGain: 0.1,
    /** One update by hand in float64, a dozen roundings of numbers near 1. */
    pieUpdate: 5e-13,
  },
  /**
   * Kernels against float64, in units of rounding of the largest value: a complex product rounds four times, a sum of n terms
   * n times, one more each for operands that were results.
   */
  kernelSum: (terms: number): number => 6 + 2 * terms,
  /** The same: a denominator's three roundings, a root, a quotient and a product, twice. */
  kernelDivision: 24,
  /** The same: a pass rounds about four times, a few passes an axis, some of them twice in a convolution. */
  kernelFourier: 48,
  /** The same: a transform there and one back, each as above at worst a third of it, and the step's division between. */
  kernelExitChange: 60,
  /** The same after a few frames: each adds steps of order one, as rough as the change that they follow. */
  kernelPieFrames: 60,
  /**
   * Statistics of the network's input, relative to the greatest: amplitudes are float32, and where a pixel's mean is ten times its
   * deviation, the rounding of 1e-7 is 1e-6 of that.
   */
  inputStatistics: 1e-5,
} as const;
