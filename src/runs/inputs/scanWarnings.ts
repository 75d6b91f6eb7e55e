import type { Dataset } from "../../data/dataset.ts";

/** What readers and checks say of the scans, each thing once; of several files, whose it is. */
export function scanWarnings(scans: readonly Pick<Dataset, "name" | "provenance">[]): string[] {
  const fileOf = ({ name, provenance }: (typeof scans)[number]): string => provenance.path ?? name;
  const several = new Set(scans.map(fileOf)).size > 1;
  const lines = scans.flatMap((scan) =>
    scan.provenance.warnings.map((line) => (several ? `${fileOf(scan)}: ${line}` : line)),
  );
  return [...new Set(lines)];
}
