import { execFileSync } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import { platform } from "node:os";

/** Whether a process of this number runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** When a process started, in words of the system: it tells two apart that had the same number. */
export function startOf(pid: number): string | undefined {
  try {
    if (platform() === "linux") {
      const fields = readFileSync(`/proc/${pid}/stat`, "utf8");
      // The second field is the program's name in brackets, which may hold anything; the start, in ticks since the system
      // started, is the 22nd.
      const [state, ...others] = fields.slice(fields.lastIndexOf(")") + 2).split(" ");
      // It has ended, and nobody has asked how.
      if (state === "Z" || state === "X") return undefined;
      const ticks = others[18];
      return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()} ${ticks}`;
    }
    if (platform() === "win32") return undefined;
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim() || undefined;
  } catch {
    return undefined;
  }
}

/** Names the set of processes that this one sees: containers have their own, with numbers of their own. */
export function processesSeen(): string {
  try {
    return platform() === "linux" ? readlinkSync("/proc/self/ns/pid") : platform();
  } catch {
    return "unknown";
  }
}
