import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readBundle } from "../../src/bundle/bundle.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { type Cluster, noCluster, startCluster, until } from "./cluster.ts";

/** By which srun joins processes of Open MPI; Debian's package libpmix-dev. */
const pmix = ["x86_64", "aarch64"].some((arch) => existsSync(`/usr/lib/${arch}-linux-gnu/pmix2/lib/libpmix.so`));
const why = noCluster() ?? (pmix ? undefined : "Slurm finds no PMIx library");

const program = ["--import", "tsx", fileURLToPath(new URL("../../src/node/cli/ptychonaut.ts", import.meta.url))];

describe.skipIf(why !== undefined)(`a cluster of Slurm${why === undefined ? "" : ` (${why})`}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "ptychonaut-slurm-"));
  const scan = join(folder, "scan.npz");
  let cluster: Cluster;
  beforeAll(async () => {
    writeFileSync(scan, writeScanNpz(simulate({ n: 32, patterns: 40, seed: 3, photons: 1e5 })));
    cluster = await startCluster(folder, 4);
  }, 180_000);
  afterAll(async () => {
    await cluster?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  const onTwo = (words: readonly string[]): Promise<string> =>
    cluster.run("srun", ["--mpi=pmix", "-n", "2", process.execPath, ...program, ...words]);
  const train = (run: string, epochs: number): readonly string[] => [
    ...["train", scan, "--output_dir", join(folder, run), "--max_epochs", `${epochs}`, "--accelerator", "cpu"],
    ...["--gridsize", "1", "--n_filters_scale", "1", "--batch_size", "8", "--recon_log_every_n_epochs", "0"],
  ];
  const model = (run: string): Uint8Array => readBundle(readFileSync(join(folder, run, "model.zip"))).model;

  it("joins the tasks of a step", async () => {
    expect(await onTwo(["mpi-check"])).toMatch(/^2 processes on 1 host, joined by Open MPI/);
  });

  it("ends a training of two tasks at its time limit, and goes on to the weights of an undisturbed one", async () => {
    // Slurm looks every half a minute whose time is up: a run that is to meet it takes longer.
    await onTwo(train("short", 20));
    const { history } = JSON.parse(readFileSync(join(folder, "short", "training.json"), "utf8"));
    const later: readonly number[] = history.slice(10).map(({ seconds }: { seconds: number }) => seconds);
    const epochs = Math.ceil(45 / (later.reduce((sum, seconds) => sum + seconds) / later.length));
    const asks = ["--ntasks", "2", "--mpi", "pmix", "--time", "1", "--grace", "59", "--submit"];
    const said = await cluster.run(process.execPath, [...program, "slurm", ...train("job", epochs), ...asks]);
    const id = said.match(/Submitted batch job (\d+)/)?.[1] as string;
    const log = (): string => readFileSync(join(folder, `job.slurm-${id}.log`), "utf8");
    const ended = async (): Promise<boolean> => /JobState=(COMPLETED|FAILED|TIMEOUT|CANCELLED)/.test(await job());
    const job = (): Promise<string> => cluster.run("scontrol", ["show", "job", id]);
    await until(ended, "the end of the job", 900).catch(async (error) => {
      throw new Error(`${error.message}\n${await job()}\n${log()}`);
    });
    expect(await job(), log()).toContain("JobState=COMPLETED");
    expect(Number((await job()).match(/Restarts=(\d+)/)?.[1]), log()).toBeGreaterThan(0);
    expect(log()).toMatch(/resuming at epoch \d+/);
    await onTwo(train("undisturbed", epochs));
    expect(Buffer.compare(model("job"), model("undisturbed"))).toBe(0);
  }, 1_200_000);
});
