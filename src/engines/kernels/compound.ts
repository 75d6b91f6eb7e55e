import type { ExitChange, Images, Kernels, Numbers, PieStep, StepOverlaps, Waves } from "./kernels.ts";

/**
 * The compounds, made of the other operations: what a home without its own uses, and what those that have are held to.
 */
export function exitChange(kernels: Kernels, terms: ExitChange): void {
  const { object, probe, windows, measured, mask, likelihood, dark, change, patches, misfit } = terms;
  const expected = kernels.images(measured.shape);
  const factor = kernels.images(measured.shape);
  kernels.cut(patches, object, windows);
  kernels.product(change, patches, probe);
  kernels.fourier(change, change, "forward");
  kernels.power(expected, change);
  kernels.likelihood(factor, expected, measured, mask, likelihood, misfit, dark);
  kernels.scale(change, change, factor);
  kernels.fourier(change, change, "inverse");
  kernels.release(expected, factor);
}

/** What one frame of PIE needs beside its operands. */
export interface PieRoom {
  readonly change: Waves;
  readonly patch: Waves;
  readonly direction: Waves;
  readonly gradient: Waves;
  readonly light: Images;
  readonly shade: Images;
  readonly mostLight: Numbers;
  readonly mostShade: Numbers;
}

/** The update of object and probe from one frame's change, with the values from before. */
export function pieUpdate(
  kernels: Kernels,
  {
    object,
    probe,
    windows,
    alpha,
    objectStep,
    probeStep,
  }: Omit<PieStep, "measured" | "mask" | "likelihood" | "misfit">,
  room: PieRoom,
): void {
  const { change, patch, direction, gradient, light, shade, mostLight, mostShade } = room;
  kernels.power(light, probe);
  kernels.power(shade, patch);
  kernels.largest(mostLight, light);
  kernels.largest(mostShade, shade);
  kernels.product(direction, probe, change, { conjugate: true });
  kernels.product(gradient, patch, change, { conjugate: true });
  kernels.divide(direction, direction, light, { form: "linear", alpha, most: mostLight }, { step: objectStep });
  kernels.paste(object, direction, windows);
  kernels.divide(probe, gradient, shade, { form: "linear", alpha, most: mostShade }, { step: probeStep, add: true });
}

/** PIE of a batch, frame by frame. */
export function pieStep(kernels: Kernels, terms: PieStep): void {
  const { probe, windows, measured, misfit } = terms;
  const [, modes, height, width] = probe.shape;
  const real = (): Images => kernels.images([1, 1, height, width]);
  const patch = kernels.waves([1, 1, height, width]);
  const room: PieRoom = {
    change: kernels.waves([1, modes, height, width]),
    patch,
    direction: kernels.waves([1, 1, height, width]),
    gradient: kernels.waves([1, modes, height, width]),
    light: real(),
    shade: real(),
    mostLight: kernels.numbers(1),
    mostShade: kernels.numbers(1),
  };
  for (let frame = 0; frame < windows.frames; frame++) {
    const one = {
      windows: kernels.frames(windows, frame, 1),
      measured: kernels.frames(measured, frame, 1),
      misfit: kernels.frames(misfit, frame, 1),
    };
    kernels.exitChange({ ...terms, ...one, change: room.change, patches: patch });
    pieUpdate(kernels, { ...terms, windows: one.windows }, room);
  }
  kernels.release(...Object.values(room));
}

/** Modes are summed before frames are looked at, ⟨u, χ⟩ = ⟨R_j object − patches, Σ_m P_m* χ_m⟩ and so on, so that neither u nor v is made. */
export function stepOverlaps(kernels: Kernels, terms: StepOverlaps): void {
  const { patches, object, windows, probe, change, direction, out } = terms;
  const [frames, , height, width] = patches.shape;
  const real = (of: number): Images => kernels.images([of, 1, height, width]);
  const to = (k: number): Numbers => kernels.frames(out, k * frames, frames);
  const [along, asked] = [kernels.waves(patches.shape), kernels.waves(patches.shape)];
  const [light, image] = [real(probe.shape[0]), real(frames)];
  kernels.cut(along, object, windows);
  kernels.combine(along, 1, along, -1, patches);
  kernels.power(light, probe);
  kernels.power(image, along);
  kernels.sum(to(0), image, light);
  kernels.product(asked, probe, change, { conjugate: true });
  kernels.interference(image, along, asked);
  kernels.sum(to(1), image);
  kernels.release(light);
  if (direction !== undefined) {
    const shade = real(direction.shape[0]);
    const both = kernels.waves([probe.shape[0], 1, height, width]);
    kernels.power(shade, direction);
    kernels.power(image, patches);
    kernels.sum(to(2), image, shade);
    kernels.product(asked, direction, change, { conjugate: true });
    kernels.interference(image, patches, asked);
    kernels.sum(to(3), image);
    kernels.product(both, probe, direction, { conjugate: true });
    kernels.product(asked, patches, both);
    kernels.interference(image, along, asked);
    kernels.sum(to(4), image);
    kernels.release(shade, both);
  }
  kernels.release(along, asked, image);
}
