/** The program as a rank: RANK in its arguments is the rank's number, and `pid-RANK` in the folder that comes first its process. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { main } from "../../src/node/cli/main.ts";
import { runProgram } from "../../src/node/cli/program.ts";
import { launchOf } from "../../src/node/mpi/launcher.ts";

const rank = String(launchOf(process.env)!.rank);
const [folder, ...argv] = process.argv.slice(2);
writeFileSync(join(folder, `pid-${rank}`), String(process.pid));
await runProgram(
  argv.map((argument) => argument.replaceAll("RANK", rank)),
  main,
);
