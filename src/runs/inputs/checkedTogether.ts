import { type Communicator, madeByFirst } from "../../communicator.ts";
import type { Dataset } from "../../data/dataset.ts";
import { checkedScan, checkedScanTogether } from "../../scans/checks/checkedScan.ts";

type ChecksOf<T> = T extends [unknown, ...infer Checks] ? Checks : never;

/**
 * The same as {@link checkedScan} in several processes: each looks at its share of the patterns. What is known of the file,
 * such as its hash, they have from the first.
 * @throws PtychonautError as that does
 */
export async function checkedTogether(
  ranks: Communicator,
  dataset: Dataset,
  ...checks: ChecksOf<Parameters<typeof checkedScan>>
): Promise<Dataset> {
  if (ranks.size === 1) return checkedScan(dataset, ...checks);
  const checked = await checkedScanTogether(ranks, dataset, ...checks);
  return { ...checked, provenance: await madeByFirst(ranks, () => checked.provenance) };
}
