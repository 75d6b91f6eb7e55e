import { type FreeSpace, transferFunction } from "../numerics/angularSpectrum.ts";
import type { Geometry } from "../optics/geometry.ts";
import { checkNearFieldSampling, freeSpaceOf, parallelBeam } from "../optics/nearField.ts";
import { fromDetectorOrder, toDetectorOrder } from "./kernels/detectorOrder.ts";
import type { Kernels, Waves } from "./kernels/kernels.ts";

type Sides = readonly [height: number, width: number];
type Numbers = Float32Array | Float64Array;

/**
 * How waves of one window travel from the sample to the detector, on a device: the third form of what
 * `physics/propagation/` has in graphs and in float64.
 */
export interface Passage {
  /** A Fourier transform and nothing else, which the kernels' compounds have in them. */
  readonly isFarField: boolean;
  /** In place, `[B, M]`. */
  forward(waves: Waves): void;
  /** Its adjoint, in place. */
  adjoint(waves: Waves): void;
  /** Images of the detector, centre at floor(n / 2), in the order of pixels that `forward` leaves; and back. */
  toDevice<T extends Numbers>(images: T, parts?: 1 | 2): T;
  fromDevice<T extends Numbers>(images: T, parts?: 1 | 2): T;
  /** Gives memory on the device back. */
  release(): void;
}

/** @throws PtychonautError "data" where a near field's numbers are missing, or do not fit windows of this size */
export function passageOf(kernels: Kernels, geometry: Geometry | undefined, sides: Sides): Passage {
  if (geometry?.propagation !== "near-field") return farPassage(kernels, sides);
  const space = freeSpaceOf(parallelBeam(geometry));
  checkNearFieldSampling(space, sides);
  return nearPassage(kernels, space, sides);
}

function farPassage(kernels: Kernels, sides: Sides): Passage {
  return {
    isFarField: true,
    forward: (waves) => kernels.fourier(waves, waves, "forward"),
    adjoint: (waves) => kernels.fourier(waves, waves, "inverse"),
    toDevice: (images, parts) => toDetectorOrder(images, sides, parts),
    fromDevice: (images, parts) => fromDetectorOrder(images, sides, parts),
    release: () => {},
  };
}

/** Ψ = F⁻¹ H F ψ. The detector's plane has the sample's order of pixels: nothing is turned. */
export function nearPassage(kernels: Kernels, space: FreeSpace, sides: Sides): Passage {
  const transfer = kernels.waves([1, 1, ...sides]);
  kernels.write(transfer, toDetectorOrder(transferFunction(space, sides), sides, 2));
  const along = (waves: Waves, conjugate: boolean): void => {
    kernels.fourier(waves, waves, "forward");
    kernels.product(waves, transfer, waves, { conjugate });
    kernels.fourier(waves, waves, "inverse");
  };
  return {
    isFarField: false,
    forward: (waves) => along(waves, false),
    adjoint: (waves) => along(waves, true),
    toDevice: (images) => images,
    fromDevice: (images) => images,
    release: () => kernels.release(transfer),
  };
}
