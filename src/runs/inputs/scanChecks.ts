import { scanOptions, statedOptions } from "../../config/dataConfig.ts";
import type { InferencePayload, ReconstructionPayload, TrainingPayload } from "../../config/payload.ts";
import type { Dataset } from "../../data/dataset.ts";
import { separateScans } from "../../data/scanNumbers.ts";
import { checkedScan } from "../../scans/checks/checkedScan.ts";
import { scanPropagator } from "../../training/scanPropagator.ts";
import type { Home } from "../machine.ts";
import { openScan } from "./scans.ts";
import { scanWarnings } from "./scanWarnings.ts";

/**
 * What a run would say of its scans, without the run.
 * @throws PtychonautError as the run refuses a scan
 */
export async function payloadScanWarnings(payload: ScanPayload, home: Home): Promise<readonly string[]> {
  const { data, overridden, execution } = payload;
  const stated = statedOptions(data, overridden);
  // There may be no output folder yet.
  const storage = { inMemory: execution.patternsInMemory, folder: ".", log: () => {} };
  const checked: Pick<Dataset, "name" | "provenance">[] = [];
  for (const path of scansOf(payload)) {
    const { dataset, close } = await openScan(path, scanOptions(data), storage, home);
    try {
      scanPropagator([dataset]);
      for (const scan of separateScans(dataset)) {
        const { name, provenance } = checkedScan(scan, stated, data, payload.kind === "reconstruction");
        checked.push({ name, provenance });
      }
      // What one laid out for others is still theirs.
      await home.machine.ranks.barrier();
    } finally {
      close();
    }
  }
  return scanWarnings(checked);
}

type ScanPayload = TrainingPayload | InferencePayload | ReconstructionPayload;

function scansOf(payload: ScanPayload): readonly string[] {
  if (payload.kind === "reconstruction") return [payload.scan];
  if (payload.kind === "inference") return [payload.testDataFile];
  const { trainDataFile, moreDataFiles, training } = payload;
  return [trainDataFile, ...moreDataFiles, ...(training.testDataFile === null ? [] : [training.testDataFile])];
}
