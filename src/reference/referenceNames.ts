import { PtychonautError } from "../errors.ts";

/** A layer here, the same layer in PtychoPINN's PyTorch network, and its batch normalisation there. `#` is a number. */
type Row = readonly [ours: string, reference: string, referenceNorm?: string];

const attention = (ours: string, reference: string): Row[] => [
  [`${ours}.channel.reduce`, `${reference}.ChannelGate.mlp.1`],
  [`${ours}.channel.expand`, `${reference}.ChannelGate.mlp.3`],
  [`${ours}.spatial`, `${reference}.SpatialGate.compress`],
];

const head = (ours: string, reference: string): Row[] => [
  [`${ours}.centre`, `${reference}.conv1`, `${reference}.bn1`],
  [`${ours}.border1`, `${reference}.conv_up_block.conv1`, `${reference}.conv_up_block.bn1`],
  [`${ours}.border2`, `${reference}.conv_up_block.conv2`, `${reference}.conv_up_block.bn2`],
  [`${ours}.border3`, `${reference}.conv2`, `${reference}.bn2`],
];

const block = (ours: string, reference: string): Row[] => [
  [`${ours}.#.conv1`, `${reference}.blocks.#.conv1`, `${reference}.blocks.#.bn1`],
  [`${ours}.#.conv2`, `${reference}.blocks.#.conv2`, `${reference}.blocks.#.bn2`],
];

const decoder = (ours: string, reference: string, referenceHead: string): Row[] => [
  ...block(ours, reference),
  ...head(`${ours}.head`, `${reference}.${referenceHead}`),
];

const fnoBlock = (ours: string, reference: string): Row[] => [
  [ours, reference, `${reference}.norm`],
  [`${ours}.spectral`, `${reference}.spectral`],
  [`${ours}.local`, `${reference}.local_conv`],
];

const spectral: readonly Row[] = [
  ["lifter.conv1", "lifter.conv1"],
  ["lifter.conv2", "lifter.conv2"],
  ...fnoBlock("fno.#", "fno_blocks.#"),
  ["mix", "intermediate"],
  ["refine.#", "cnn_refiner.#.0"],
  ...fnoBlock("vanilla.#", "blocks.#"),
  ["ffno.shared.spectral", "ffno_stack.shared_spectral"],
  ["ffno.#", "ffno_stack.blocks.#", "ffno_stack.blocks.#.norm"],
  ["ffno.#.spectral", "ffno_stack.blocks.#.shared_spectral"],
  ["ffno.#.local", "ffno_stack.blocks.#.local_conv"],
  ["ffno.#.expand", "ffno_stack.blocks.#.expand"],
  ["ffno.#.project", "ffno_stack.blocks.#.project"],
  ["residual.#.conv1", "refiners.#.conv1"],
  ["residual.#.conv2", "refiners.#.conv2"],
  ["output.both", "output_proj"],
  ["output.amplitude", "output_amp"],
  ["output.phase", "output_phase"],
];

const table: readonly Row[] = [
  ...spectral,
  ...block("encoder", "encoder"),
  ...attention("encoder.#.attention", "encoder.blocks.#.attention"),
  ...attention("bottleneck", "bottleneck_cbam"),
  ...decoder("amplitude", "decoder_amp", "amp"),
  ...decoder("phase", "decoder_phase", "phase"),
  // Real and imaginary part come from the decoders of these names there too.
  ...decoder("real", "decoder_amp", "amp"),
  ...decoder("imaginary", "decoder_phase", "phase"),
  ...decoder("shared", "decoder_shared", "head"),
  ["shared.refine#.conv1", "decoder_shared.refinement_blocks.#.block.0"],
  ["shared.refine#.conv2", "decoder_shared.refinement_blocks.#.block.2"],
  ["shared.refine#.conv3", "decoder_shared.refinement_blocks.#.block.4"],
  ["shared.attention", "decoder_shared.eca.conv"],
];

const normFields: Readonly<Record<string, string>> = {
  weight: "weight",
  bias: "bias",
  mean: "running_mean",
  variance: "running_var",
};

/**
 * Blocks with weights of their own have no registered gates there. They keep the value that they start with, which the
 * shared gate, stored and never used or trained then, still has.
 */
const gates: Readonly<Record<string, string>> = {
  "ffno.shared.gate": "ffno_stack.shared_gate",
  "ffno.#.gate": "ffno_stack.shared_gate",
};

/** What blocks share, which the reference stores also when each has weights of its own. */
export const isReferenceShared = (name: string): boolean => name.startsWith("ffno_stack.shared_");

/** What the reference stores and no computation reads. */
export const isReferenceBookkeeping = (name: string): boolean => name.endsWith(".num_batches_tracked");

/** Weights of the head's border path. */
export const isReferenceBorder = (name: string): boolean =>
  table.some(
    ([ours, reference, norm]) =>
      ours.includes(".border") && [reference, norm].some((layer) => name.startsWith(`${layer}.`)),
  );

const layers: ReadonlyMap<string, Row> = new Map(table.map((row) => [row[0], row]));

/**
 * Name in PtychoPINN's PyTorch network (without the prefix of the module that holds the network) of one of our parameters:
 * "encoder.0.conv1.norm.mean" → "encoder.blocks.0.bn1.running_mean".
 * @throws PtychonautError "usage" when the reference has no such parameter
 */
export function referenceName(name: string): string {
  let number = "";
  const general = name.replace(/(?<=\.|refine)\d+(?=\.)/, (digits) => {
    number = digits;
    return "#";
  });
  const gate = gates[general];
  if (gate !== undefined) return gate;
  const [, layer, norm, field] = /^(.+?)(\.norm)?\.(\w+)$/.exec(general) ?? [];
  const row = layers.get(layer ?? "");
  const found = norm === undefined ? row?.[1] : row?.[2];
  if (found === undefined || field === undefined) {
    throw new PtychonautError("usage", `the reference network has no counterpart of parameter "${name}"`);
  }
  return `${found.replace("#", number)}.${norm === undefined ? field : normFields[field]}`;
}
