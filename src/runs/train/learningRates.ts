import type { Communicator } from "../../communicator.ts";
import { snakeCase } from "../../config/names.ts";
import type { TrainingPayload } from "../../config/payload.ts";
import { parseSettings } from "../../config/schema.ts";
import { PtychonautError } from "../../errors.ts";
import type { TrainerOptions } from "../../training/trainer.ts";
import type { RateChange, TrainingState } from "../../training/trainingState.ts";
import type { RunHooks, RunSteps } from "../hooks.ts";
import { plannedSteps } from "../plannedSteps.ts";

const NAME = "learningRate";

/** @throws PtychonautError "usage" for what is no learning rate, or another setting */
export function checkedRate(wanted: Readonly<Record<string, number>>): number {
  const others = Object.keys(wanted).filter((name) => name !== NAME);
  if (others.length > 0)
    throw new PtychonautError("usage", `${others.map(snakeCase).join(", ")} cannot be changed while a training runs`, {
      expected: snakeCase(NAME),
    });
  return (parseSettings("execution", wanted) as { readonly learningRate: number }).learningRate;
}

/** A learning rate that became another, as records have it. */
export const changeOf = ({ epoch, from, to }: RateChange): RunSteps["changes"][number] => ({
  epoch,
  settings: { [NAME]: { from, to } },
});

/** Learning rates that become others while a training goes: those that are planned, and those that somebody wishes. */
export function learningRates(
  start: TrainingState,
  { execution, changes: planned }: TrainingPayload,
  hooks: RunHooks,
  warn: (line: string) => void,
  ranks: Communicator,
): NonNullable<TrainerOptions["rates"]> {
  const steps = plannedSteps(planned, hooks, warn, ranks);
  const made: RateChange[] = [...(start.rates ?? [])];
  const now = (): number => made.at(-1)?.to ?? execution.learningRate;
  const offer = (): void =>
    hooks.steering?.offers({
      settings: { [NAME]: now() },
      changes: made.map(changeOf),
    });
  offer();
  return async (epoch) => {
    const changed = await steps(epoch, (wanted) => {
      const [from, to] = [now(), checkedRate(wanted)];
      return from === to ? {} : { [NAME]: { from, to } };
    });
    const change = changed?.[NAME];
    if (change === undefined) return undefined;
    made.push({ epoch, ...change });
    offer();
    return change;
  };
}
