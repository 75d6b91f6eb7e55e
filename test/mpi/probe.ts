/** What tests start several of: every exchange once, and how it came out, as JSON. Told "stuck", rank 1 ends the job while the others wait. */
import { saidByAll } from "../../src/communicator.ts";
import { launchOf } from "../../src/node/mpi/launcher.ts";
import { joinRanks } from "../../src/node/mpi/ranks.ts";

const ranks = await joinRanks(launchOf(process.env)!, process.env["PTYCHONAUT_MPI"]);
if (process.argv[2] === "stuck") {
  if (ranks.rank === 1) setTimeout(() => void ranks.abort(7), 500);
  await ranks.sum(Float64Array.of(1));
  if (ranks.rank !== 1) await ranks.barrier();
}
let ticks = 0;
const timer = setInterval(() => ticks++, 1);
/** Values whose sum depends on the order in which it is made, more than fit into one piece. */
const values = Float32Array.from({ length: 5_000_000 }, (_, i) => 1e8 * (ranks.rank - 1) + 1 / (i + ranks.rank + 1));
await ranks.sum(values);
const doubles = Float64Array.from({ length: 3 }, (_, i) => ranks.rank * 10 ** i);
await ranks.sum(doubles);
clearInterval(timer);
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const broadcast = text(await ranks.broadcast(new TextEncoder().encode(`of ${ranks.rank}`)));
const gathered = (await ranks.gather(new TextEncoder().encode("x".repeat(ranks.rank)))).map(text);
const sample = Array.from({ length: 50 }, (_, i) => values[i * 99_999]);
const own = {
  rank: ranks.rank,
  size: ranks.size,
  family: ranks.family,
  doubles: [...doubles],
  broadcast,
  gathered,
  sample,
};
const all = await saidByAll(ranks, { ...own, ticked: ticks > 0 });
if (ranks.rank === 0) console.log(JSON.stringify(all));
await ranks.close();
