import { saidByAll } from "../../communicator.ts";
import { PtychonautError } from "../../errors.ts";
import type { Home } from "../../runs/machine.ts";
import type { Launch } from "./launcher.ts";
import { crowded, homeOfRank } from "./rankHome.ts";
import { joinRanks } from "./ranks.ts";

/** This process as one of several that a launcher started. */
export interface Joined {
  readonly home: Home;
  /** What rank 0 has to say of how the processes lie on their computers. */
  readonly warning?: string;
  /**
   * Ends together with the others. Rank 0 may have hours of work left when the others are done, and they wait for it. If it
   * dies meanwhile the launcher ends them; what is lost then is lost, however long they wait.
   * @param code of this process; a signal that ended any of them (128 and its number) is that of all
   */
  leave(code: number): Promise<number>;
  /** Ends the whole job, since this process cannot go on. */
  abort(code: number): Promise<never>;
}

/** @throws PtychonautError "device" when MPI does not join the processes, see `joinRanks` */
export async function join(launch: Launch, home: Home): Promise<Joined> {
  const { PTYCHONAUT_MPI: library, PTYCHONAUT_MPI_TIMEOUT: seconds } = process.env;
  const ranks = await joinRanks(launch, library, secondsOf(seconds));
  // What nobody catches would end this process when its threads end, and one of them may wait for the others.
  process.on("uncaughtException", (error) => {
    process.stderr.write(`${error.stack ?? error.message}\n`);
    void ranks.abort(1);
  });
  const warning = await crowded(home.machine, ranks);
  return {
    ...(warning === undefined || ranks.rank > 0 ? {} : { warning }),
    home: await homeOfRank(home, ranks, `${ranks.version} (${ranks.path})`),
    async leave(code) {
      if (ranks.rank > 0) ranks.waitForEver();
      const codes = await saidByAll(ranks, code);
      await ranks.close();
      return Math.max(...codes);
    },
    abort: (code) => ranks.abort(code),
  };
}

/** @throws PtychonautError "usage": the command is one process's */
export function refuseRanks(command: string, { by, size }: Launch): never {
  throw new PtychonautError("usage", `${command} does not share its work among processes`, {
    got: `${size ?? "several"} processes, started by ${by}`,
    fix: "start it by itself, or with one task",
  });
}

/** @throws PtychonautError "usage" for what is no time */
function secondsOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = Number(text);
  // Timers reach 24 days.
  if (seconds > 0 && seconds < 2e6) return seconds;
  throw new PtychonautError("usage", "the time that other processes have to answer is wrong", {
    ...{ where: "PTYCHONAUT_MPI_TIMEOUT", expected: "seconds, above 0 and below 2000000", got: text },
  });
}
