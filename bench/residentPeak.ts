import { readFileSync } from "node:fs";

/** Highest resident memory of a process so far, bytes (VmHWM, Linux only); 0 once it is gone. */
export function residentPeak(pid: number): number {
  try {
    return 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
