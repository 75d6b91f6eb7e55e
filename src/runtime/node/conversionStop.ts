import { ProtobufWriter } from "../../graph/onnx/protobuf.ts";
import type { ConversionStop } from "../ortSession.ts";

/**
 * onnxruntime-node (1.30) copies every output into a new array after a run, also those that it wrote into memory of the
 * caller's: for a training step an allocation, a copy and the garbage of all weights and moments. It does so in the order
 * of the outputs and gives up at the first that it cannot convert. So this one, a sequence and not a tensor, goes first
 * where a caller brings memory for all outputs: everything is computed by then, and nothing is copied.
 */
export const conversionStop: ConversionStop = {
  output: "conversion stop",
  is: (error) => error instanceof Error && error.message.includes("Non tensor type is temporarily not supported"),
};

/** A serialised model with the output in front: protocol buffers that follow one another are merged, lists in order. */
export function withConversionStop(model: Uint8Array): Uint8Array {
  const front = new ProtobufWriter()
    .message(7, (graph) =>
      graph
        .message(1, (node) =>
          node.string(2, conversionStop.output).string(3, conversionStop.output).string(4, "SequenceEmpty"),
        )
        .message(12, (output) =>
          output
            .string(1, conversionStop.output)
            .message(2, (type) =>
              type.message(4, (sequence) =>
                sequence.message(1, (element) => element.message(1, (tensor) => tensor.integer(1, 1))),
              ),
            ),
        ),
    )
    .finish();
  return Buffer.concat([front, model]);
}
