import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { nodeStore } from "../../src/node/store.ts";
import { findCheckpoint } from "../../src/runs/train/checkpointFiles.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { twoHosts } from "./hosts.ts";
import { launched, launchers, start } from "./launchers.ts";

const program = fileURLToPath(new URL("../../src/node/cli/ptychonaut.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "ptychonaut-hosts-"));
const hosts = twoHosts(folder, launchers[0].command);
const why = typeof hosts === "string" ? `: ${hosts}` : "";
afterAll(() => {
  if (typeof hosts !== "string") hosts.remove();
  rmSync(folder, { recursive: true, force: true });
});
const LONG = { timeout: 180_000 };

describe.skipIf(typeof hosts === "string")(`two hosts, and a network between them${why}`, () => {
  if (typeof hosts === "string") return;

  it("are joined over TCP", LONG, async () => {
    const { stdout, stderr } = await launched(hosts.launcher, 2, [program, "mpi-check"]);
    expect(stdout, stderr).toMatch(/^2 processes on 2 hosts, joined by Open MPI/);
  });

  it("one that is cut off ends the run on the other, which says so, with its last checkpoint whole", LONG, async () => {
    const [scan, output] = [join(folder, "scan.npz"), join(folder, "run")];
    writeFileSync(scan, writeScanNpz(simulate({ n: 32, patterns: 40, seed: 3, photons: 1e5 })));
    const train = ["train", scan, "--output_dir", output, "--max_epochs", "1000", "--accelerator", "cpu"];
    const small = ["--gridsize", "1", "--n_filters_scale", "1", "--batch_size", "8", "--recon_log_every_n_epochs", "0"];
    const running = start(hosts.launcher, 2, [program, ...train, ...small], { PTYCHONAUT_MPI_TIMEOUT: "8" });
    const checkpoint = join(output, "checkpoints", "last.ckpt.zip");
    for (const end = Date.now() + 90_000; !existsSync(checkpoint) && Date.now() < end; ) await sleep(200);
    hosts.cutOff();
    const at = performance.now();
    const { code, stderr } = await running.ended;
    expect(performance.now() - at).toBeLessThan(30_000);
    expect(code).not.toBe(0);
    expect(stderr).toContain("other processes of the run do not answer; expected an answer within 8 s");
    const found = await findCheckpoint("last", output, nodeStore);
    expect(found?.restore(found.identity).epoch).toBeGreaterThan(0);
  });
});
