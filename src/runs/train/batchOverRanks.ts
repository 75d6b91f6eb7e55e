import type { Communicator } from "../../communicator.ts";
import type { TrainingPayload } from "../../config/payload.ts";
import { shareSize } from "../../data/batches.ts";

/**
 * The training that several processes do together, as one process would: where the settings say so, with a batch for each
 * of them in every step, and the learning rate that goes with it. Those settings have then been heeded, and are none of the
 * result's.
 */
export function scaledByRanks(payload: TrainingPayload, { size }: Communicator): TrainingPayload {
  const { training, execution } = payload;
  if (!execution.scaleBatch) return payload;
  return {
    ...payload,
    training: { ...training, batchSize: training.batchSize * size },
    execution: {
      ...execution,
      learningRate: execution.learningRate * rateFactor(execution.scaleLearningRate, size),
      scaleBatch: false,
      scaleLearningRate: "none",
    },
  };
}

function rateFactor(how: TrainingPayload["execution"]["scaleLearningRate"], size: number): number {
  switch (how) {
    case "none":
      return 1;
    case "linear":
      return size;
    case "sqrt":
      return Math.sqrt(size);
  }
}

/** What several processes make of the settings, for people. */
export function ranksNotes(
  { training: { batchSize }, execution: { learningRate } }: TrainingPayload,
  asked: TrainingPayload,
  { size }: Communicator,
): readonly string[] {
  if (size === 1) return [];
  const share = `${size} processes share every batch of ${batchSize} groups, ${shareSize(batchSize, size)} or fewer each`;
  if (!asked.execution.scaleBatch) return [share];
  return [`${share} (batch_size ${asked.training.batchSize} each); learning rate ${learningRate.toPrecision(3)}`];
}
