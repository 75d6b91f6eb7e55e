import { type Complex, complexMul } from "../../graph/complex.ts";
import { perGraph } from "../../graph/perGraph.ts";
import type { Graph } from "../../graph/tensor.ts";
import { type FreeSpace, transferFunction } from "../../numerics/angularSpectrum.ts";
import { type Interleaved, planFft2 } from "../../numerics/fft.ts";
import { checkNearFieldSampling } from "../../optics/nearField.ts";
import { farField } from "./farField.ts";
import type { PlannedPropagator, Propagator } from "./propagator.ts";

/**
 * Free space over a distance, between planes of one pixel size: the band-limited angular spectrum, Ψ = F⁻¹ H F ψ with H of
 * `numerics/angularSpectrum.ts`. |H| is 1 or 0: within the band energy is conserved and the adjoint is the inverse.
 * The window repeats: what leaves it on one side comes in on the other.
 * Forward, adjoint and plan throw PtychonautError "data" for windows that next to nothing of it fits into.
 */
export function nearField(space: FreeSpace): Propagator {
  const transfer = perGraph((graph: Graph, height: number, width: number): Complex => {
    const values = sampledTransfer(space, [height, width]);
    const part = (offset: number) =>
      graph.constant(
        Float32Array.from({ length: height * width }, (_, i) => values[2 * i + offset]),
        [height, width],
      );
    return { re: part(0), im: part(1) };
  });
  const forward = (wave: Complex): Complex => {
    const [height, width] = wave.re.shape.slice(-2) as [number, number];
    return farField.adjoint(complexMul(farField.forward(wave), transfer(wave.re.graph, height, width)));
  };
  return {
    forward,
    // H is even, so that the transpose is the operator itself and the adjoint its conjugate: parts exchanged twice.
    adjoint: ({ re, im }) => {
      const turned = forward({ re: im, im: re });
      return { re: turned.im, im: turned.re };
    },
    plan: (shape) => planned(space, shape),
  };
}

function sampledTransfer(space: FreeSpace, shape: readonly [height: number, width: number]): Float64Array {
  checkNearFieldSampling(space, shape);
  return transferFunction(space, shape);
}

function planned(space: FreeSpace, shape: readonly [height: number, width: number]): PlannedPropagator {
  const fourier = planFft2(shape);
  const transfer = sampledTransfer(space, shape);
  const spectrum = new Float64Array(transfer.length);
  const along =
    (sign: 1 | -1) =>
    <T extends Interleaved>(wave: Interleaved, output: T): T => {
      fourier.forward(wave, spectrum);
      for (let i = 0; i < spectrum.length; i += 2) {
        const [re, im] = [spectrum[i], spectrum[i + 1]];
        const [a, b] = [transfer[i], sign * transfer[i + 1]];
        spectrum[i] = a * re - b * im;
        spectrum[i + 1] = a * im + b * re;
      }
      return fourier.inverse(spectrum, output);
    };
  return { forward: along(1), adjoint: along(-1) };
}
