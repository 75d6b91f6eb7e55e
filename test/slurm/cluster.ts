import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** Why no cluster can be set up here; nothing where one can. */
export function noCluster(): string | undefined {
  if (process.getuid?.() !== 0) return "Slurm's daemons need root";
  const missing = ["/usr/sbin/slurmctld", "/usr/sbin/slurmd", "/usr/sbin/munged"].filter((file) => !existsSync(file));
  return missing.length === 0 ? undefined : `${missing.join(", ")} is not installed`;
}

export interface Cluster {
  /** By which programs of Slurm find it. */
  readonly env: Readonly<Record<string, string>>;
  /** Standard output of a program, which ends well. */
  readonly run: (program: string, words: readonly string[]) => Promise<string>;
  readonly stop: () => Promise<void>;
}

/** A Slurm cluster of this machine alone, in a folder: no accounting, no cgroups, as many processors as it is told. */
export async function startCluster(folder: string, cpus: number): Promise<Cluster> {
  const host = hostname().split(".")[0];
  const at = (name: string): string => join(folder, name);
  for (const name of ["munge", "state", "spool"]) mkdirSync(at(name), { recursive: true, mode: 0o700 });
  writeFileSync(at("munge/key"), randomBytes(1024), { mode: 0o400 });
  const [controller, node] = await Promise.all([freePort(), freePort()]);
  writeFileSync(
    at("slurm.conf"),
    [
      ...["ClusterName=test", `SlurmctldHost=${host}(127.0.0.1)`, "SlurmUser=root", "SlurmdUser=root"],
      // A job goes back into the queue once its credentials have expired, of which two minutes are the default.
      ...["AuthType=auth/munge", `AuthInfo=socket=${at("munge/socket")},cred_expire=5`, "CredType=cred/munge"],
      ...[`SlurmctldPort=${controller}`, `SlurmdPort=${node}`],
      ...[`StateSaveLocation=${at("state")}`, `SlurmdSpoolDir=${at("spool")}`],
      ...[`SlurmctldPidFile=${at("slurmctld.pid")}`, `SlurmdPidFile=${at("slurmd.pid")}`],
      ...["ProctrackType=proctrack/linuxproc", "TaskPlugin=task/none", "SelectType=select/cons_tres"],
      ...["SelectTypeParameters=CR_Core", "MpiDefault=none", "SchedulerType=sched/builtin", "ReturnToService=2"],
      ...["SlurmdParameters=config_overrides", "JobRequeue=1"],
      `NodeName=${host} NodeAddr=127.0.0.1 CPUs=${cpus} Sockets=1 CoresPerSocket=${cpus} ThreadsPerCore=1 RealMemory=4000`,
      `PartitionName=test Nodes=${host} Default=YES MaxTime=INFINITE State=UP`,
      "",
    ].join("\n"),
  );
  const env = { ...(process.env as Record<string, string>), SLURM_CONF: at("slurm.conf") };
  const daemons: ChildProcess[] = [];
  const start = (program: string, words: readonly string[]): void => {
    daemons.push(spawn(program, words, { env, stdio: "ignore" }));
  };
  const files = ["key", "pid", "log", "seed"].map((what) => `--${what}-file=${at(`munge/${what}`)}`);
  start("/usr/sbin/munged", ["--foreground", "--force", `--socket=${at("munge/socket")}`, ...files]);
  const run: Cluster["run"] = async (program, words) =>
    (await promisify(execFile)(program, words, { env, timeout: 400_000 })).stdout.trim();
  const stop = async (): Promise<void> => {
    await Promise.all(daemons.toReversed().map(ended));
  };
  try {
    await until(() => existsSync(at("munge/socket")), "munged");
    start("/usr/sbin/slurmctld", ["-D", "-L", at("slurmctld.log")]);
    start("/usr/sbin/slurmd", ["-D", "-N", host, "-L", at("slurmd.log")]);
    await until(async () => (await run("sinfo", ["-h", "-o", "%T"]).catch(() => "")) === "idle", "a node that is idle");
  } catch (error) {
    await stop();
    const log = existsSync(at("slurmctld.log")) ? readFileSync(at("slurmctld.log"), "utf8").slice(-2000) : "";
    throw new Error(`${(error as Error).message}\n${log}`);
  }
  return { env, run, stop };
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });

/** Waits for something that comes within a minute. */
export async function until(holds: () => boolean | Promise<boolean>, what: string, seconds = 60): Promise<void> {
  for (const end = Date.now() + 1000 * seconds; Date.now() < end; ) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error(`waited in vain for ${what}`);
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const hard = setTimeout(() => child.kill("SIGKILL"), 10_000);
    child.once("exit", () => {
      clearTimeout(hard);
      resolve();
    });
    child.kill("SIGTERM");
  });
}
