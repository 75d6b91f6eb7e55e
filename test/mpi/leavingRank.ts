/**
 * A rank that is done at once but for rank 0, which has as many seconds of work left as the first argument says, and lives to
 * end it unless the second is "dies".
 */
import { setTimeout as sleep } from "node:timers/promises";
import { nodeHome } from "../../src/node/home.ts";
import { join } from "../../src/node/mpi/joined.ts";
import { launchOf } from "../../src/node/mpi/launcher.ts";

const launch = launchOf(process.env)!;
const [seconds, fate] = process.argv.slice(2);
const joined = await join(launch, nodeHome);
if (launch.rank === 0) {
  await sleep(1000 * Number(seconds));
  if (fate === "dies") process.kill(process.pid, "SIGKILL");
  console.log("written");
}
process.exitCode = await joined.leave(launch.rank === 0 ? 0 : 3);
