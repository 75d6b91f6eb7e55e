/** Locks the folder in its first argument, says so, and keeps it: until killed, or for the milliseconds of the second. */
import { setTimeout as sleep } from "node:timers/promises";
import { lockFolder } from "../../src/node/files/lock.ts";

try {
  const lock = await lockFolder(process.argv[2]);
  console.log(lock.takenOver === undefined ? "locked" : `taken over from ${lock.takenOver}`);
  await sleep(Number(process.argv[3] ?? 1e6));
  // Ends without releasing: the end of the process does it.
} catch (error) {
  console.log(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}
