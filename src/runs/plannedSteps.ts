import { type Communicator, madeByFirst } from "../communicator.ts";
import { snakeCase } from "../config/names.ts";
import type { PlannedChange } from "../config/payload.ts";
import { PtychonautError } from "../errors.ts";
import type { RunHooks } from "./hooks.ts";

type Changed = Readonly<Record<string, { readonly from: number; readonly to: number }>>;

/**
 * What steps become before an epoch: what is planned, and what somebody wishes meanwhile. All processes are told what the first
 * is.
 */
export function plannedSteps(
  planned: readonly PlannedChange[] | undefined,
  { steering, log }: Pick<RunHooks, "steering" | "log">,
  warn: (line: string) => void,
  ranks: Communicator,
): (epoch: number, check: (wanted: Readonly<Record<string, number>>) => Changed) => Promise<Changed | undefined> {
  const done = new Set<number>();
  return async (epoch, check) => {
    // Where nobody can wish anything, processes need not agree.
    if (planned === undefined && steering === undefined && ranks.size === 1) return undefined;
    const wanted = await madeByFirst(ranks, () => {
      const plan = done.has(epoch) ? [] : (planned ?? []).filter((change) => change.epoch === epoch);
      return Object.assign({}, ...plan.map(({ settings }) => settings), steering?.wanted() ?? {}) as Record<
        string,
        number
      >;
    });
    done.add(epoch);
    if (Object.keys(wanted).length === 0) return undefined;
    try {
      const changed = check(wanted);
      for (const [name, { from, to }] of Object.entries(changed))
        log(`from epoch ${epoch} on: ${snakeCase(name)} ${to} instead of ${from}`);
      return changed;
    } catch (error) {
      // A wish of somebody who looks on does not end a run.
      if (!(error instanceof PtychonautError)) throw error;
      warn(`steps stay as they are: ${error.message}`);
      return undefined;
    }
  };
}
