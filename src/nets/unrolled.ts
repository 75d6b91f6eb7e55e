import { PtychonautError } from "../errors.ts";
import { type Complex, complexReshape, intensity, scale } from "../graph/complex.ts";
import { add, mul, relu, sub } from "../graph/ops/elementwise.ts";
import { averagePool2x2 } from "../graph/ops/image.ts";
import { concat, reshape, slice } from "../graph/ops/layout.ts";
import type { Tensor } from "../graph/tensor.ts";
import { dataUpdate, type SeenExperiment } from "../physics/dataUpdate.ts";
import { groupView } from "../physics/group.ts";
import type { Generator } from "./generator.ts";
import { type Builder, conv, convRelu } from "./layers.ts";

/** Factor on what a stage sees, which is a tenth or so of the object's amplitude. */
const SEEN = 5;
/** RMS of what a fresh stage adds, over that of what it sees: so small that the updates alone start the training. */
const HEAD_GAIN = 0.05;
/** Sizes of the image inside a stage: N, N/2, N/4. */
const LEVELS = 3;

/**
 * An iterative engine with learned steps (unrolling: Gregor & LeCun 2010; with the physics inside: Adler & Öktem 2018). A
 * stage is one update of the patch from its pattern (`dataUpdate`), which a small U-Net (Ronneberger et al. 2015) of the
 * update and the patch corrects: O ← O + ΔO + net(ΔO, O − 1). The first one starts from a flat object; every stage has its
 * own weights. Convolutions see the object's space, where what they look for is near, however the probe is curved. Between
 * stages the patches of a group are merged where they overlap, so a pattern that fits several objects gets the one that its
 * neighbours see, too.
 */
export const unrolled: Generator = {
  summary: "updates from the data and small U-Nets in turn",
  settings: ["unrolledStages", "unrolledWidth"],
  encoder: ["down"],
  onePattern: true,
  seesExperiment: true,
  check({ inputConditioning, standardiseInput }) {
    if (inputConditioning === "diffraction_only" && !standardiseInput) return;
    throw new PtychonautError("usage", "architecture unrolled takes patterns as they are, and always sees the probe", {
      got: standardiseInput ? "standardise_input" : `input_conditioning ${inputConditioning}`,
      fix: standardiseInput ? "leave standardise_input off" : "leave input_conditioning out",
    });
  },
  build(builder, images, { unrolledStages, unrolledWidth, experiment }) {
    if (experiment === undefined) throw new PtychonautError("usage", "this network needs to see the probe");
    const number = (value: number): Tensor => images.graph.constant(Float32Array.of(value), [1, 1, 1, 1]);
    const updateOf = dataUpdate(images, experiment);
    const together = merging(experiment);
    let object: Complex = { re: number(1), im: number(0) };
    for (let stage = 0; stage < unrolledStages; stage++) {
      if (stage > 0) object = together(object);
      const update = updateOf(object);
      const departure = stage === 0 ? [] : [sub(object.re, 1), object.im];
      const seen = mul(concat([update.re, update.im, ...departure], 1), SEEN);
      const learned = correction(builder, String(stage), seen, unrolledWidth);
      object = plus(plus(object, update), scale(learned, 1 / SEEN));
    }
    return { kind: "cartesian", ...object };
  },
};

const plus = (a: Complex, b: Complex): Complex => ({ re: add(a.re, b.re), im: add(a.im, b.im) });

/** From patches `[image, 1, N, N]` to what their groups make of them, by the light that each had; flat where none had any. */
function merging({ offsets, probe }: SeenExperiment): (object: Complex) => Complex {
  if (offsets === undefined || offsets.shape[1] === 1) return (object) => object;
  const [batch, members] = offsets.shape;
  const light = intensity(probe);
  const [lights, , height, width] = light.shape;
  const view = groupView(offsets, lights === 1 ? light : reshape(light, [batch, members, height, width]));
  return (object) => {
    const departure = { re: sub(object.re, 1), im: object.im };
    const seen = view(complexReshape(departure, [batch, members, height, width]));
    const { re, im } = complexReshape(seen, [-1, 1, height, width]);
    return { re: add(re, 1), im };
  };
}

/** `[image, k, N, N]` → `[image, 1, N, N]` each */
function correction(builder: Builder, stage: string, seen: Tensor, width: number): Complex {
  const passed: Tensor[] = [];
  let x = seen;
  for (let level = 0; level < LEVELS; level++) {
    if (level > 0) {
      passed.push(x);
      x = averagePool2x2(x);
    }
    x = builder.parameters.within(`down.${stage}.${level}`, () =>
      convRelu(builder, "conv2", convRelu(builder, "conv1", x, width << level), width << level),
    );
  }
  for (let level = LEVELS - 2; level >= 0; level--) {
    const same = passed[level];
    x = builder.parameters.within(`up.${stage}.${level}`, () => {
      const enlarged = conv(builder, "enlarge", x, width << level, { upsample: true, gain: 1 });
      return convRelu(builder, "conv", relu(add(enlarged, same)), width << level);
    });
  }
  const out = conv(builder, `head.${stage}`, x, 2, { gain: HEAD_GAIN });
  const part = (channel: number): Tensor => slice(out, [{ axis: 1, start: channel, end: channel + 1 }]);
  return { re: part(0), im: part(1) };
}
