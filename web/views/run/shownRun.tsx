import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { route } from "../../state/route.ts";
import { liveRuns, showRun, storedRuns } from "../../state/runs.ts";
import type { RunKind } from "../../worker/runEntries.ts";
import { RunPanel } from "./runPanel.tsx";

/** The run that the address names, if it is of this kind. */
export function ShownRun({ kind }: { readonly kind: RunKind }): JSX.Element | null {
  const id = route.value.params["run"];
  useEffect(() => {
    if (id === undefined) return;
    let wanted = true;
    void showRun(id, () => wanted);
    return () => {
      wanted = false;
    };
  }, [id]);
  const run = id === undefined ? undefined : liveRuns.value.get(id);
  if (run === undefined) {
    const elsewhere = storedRuns.value.some(
      (entry) => entry.id === id && entry.kind === kind && entry.state === "running",
    );
    return elsewhere ? <p role="status">{id} goes on in another page. It is shown here when it ends there.</p> : null;
  }
  return run.request.kind === kind ? <RunPanel key={id} run={run} /> : null;
}
