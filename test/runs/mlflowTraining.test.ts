import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { main } from "../../src/node/cli/main.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { MlflowStandIn } from "./mlflowStandIn.ts";

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-mlflow-"));
const scan = join(folder, "scan.npz");
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(() => {
  writeFileSync(scan, writeScanNpz(simulate({ n: 32, patterns: 24, seed: 3, photons: 1e5 })));
});

interface Call {
  readonly code: number;
  readonly stderr: string;
}

/** Trains through the command line; `onEpoch` hears of each line about an epoch. */
async function train(uri: string, name: string, more: string, onEpoch = (_: AbortController) => {}): Promise<Call> {
  const files = `--train_data_file ${scan} --output_dir ${join(folder, name)}`;
  const sizes = "--accelerator cpu --gridsize 1 --n_filters_scale 1 --batch_size 8 --validation_fraction 0";
  const logging = `--logger mlflow --mlflow_tracking_uri ${uri} --experiment_name samples`;
  const controller = new AbortController();
  let stderr = "";
  const code = await main(`train ${files} ${sizes} ${logging} ${more}`.split(" "), {
    terminal: false,
    signal: controller.signal,
    stdout: () => {},
    stderr: (text) => {
      stderr += text;
      if (/^epoch /m.test(text)) onEpoch(controller);
    },
  });
  return { code, stderr };
}

/** Losses of all epochs, as `training.json` has them. */
const losses = (name: string): number[] =>
  JSON.parse(readFileSync(join(folder, name, "training.json"), "utf8")).history.map(
    ({ trainLoss }: { trainLoss: number }) => trainLoss,
  );

describe("a training with a stand-in for MLflow", () => {
  it("is not begun without a server", async () => {
    const { code, stderr } = await train("http://127.0.0.1:1", "absent", "--max_epochs 1");
    expect(code).toBe(2);
    expect(stderr).toMatch(/the MLflow server cannot be used; in http:\/\/127\.0\.0\.1:1.*--logger_backend csv/);
    expect(stderr).not.toContain("computing on");
    expect(existsSync(join(folder, "absent"))).toBe(false);
  });

  it("ends as without one when the server goes away", async () => {
    const server = new MlflowStandIn();
    await server.start();
    let stopped: Promise<void> | undefined;
    const { code, stderr } = await train(server.uri, "left", "--max_epochs 3", () => {
      stopped ??= server.stop();
    });
    await stopped;
    expect(code, stderr).toBe(0);
    expect(stderr.match(/warning: the MLflow server does not answer/g)).toHaveLength(1);
    const record = JSON.parse(readFileSync(join(folder, "left/run.json"), "utf8"));
    expect(record.warnings).toContainEqual(expect.stringContaining("the MLflow server does not answer"));
    expect(losses("left")).toHaveLength(3);
    expect(
      readFileSync(join(folder, "left/lightning_logs/version_0/metrics.csv"), "utf8").trim().split("\n"),
    ).toHaveLength(4);
  });

  it("that fails says so", async () => {
    const server = new MlflowStandIn();
    await server.start();
    const { code } = await train(server.uri, "failed", "--max_epochs 2 --optimizer sgd --learning_rate 1e30");
    await server.stop();
    expect(code).toBe(1);
    expect(server.runs["run0"].info["status"]).toBe("FAILED");
  });
});

/** A Python with MLflow, which is no part of this project. */
const python = process.env["PTYCHONAUT_MLFLOW_PYTHON"] ?? "python3";

function mlflowVersion(): string | undefined {
  try {
    const code = "from importlib.metadata import version; print(version('mlflow'))";
    return execFileSync(python, ["-c", code], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return undefined;
  }
}

const version = mlflowVersion();
if (version === undefined) {
  console.warn("no Python with MLflow: the tests against its server are skipped. PTYCHONAUT_MLFLOW_PYTHON names one");
}

describe.skipIf(version === undefined)(`a training with MLflow ${version}`, () => {
  let uri = "";
  let pid: number | undefined;

  beforeAll(async () => {
    const port = await freePort();
    uri = `http://127.0.0.1:${port}`;
    const stores = [
      "--backend-store-uri",
      `sqlite:///${folder}/mlflow.db`,
      "--artifacts-destination",
      join(folder, "files"),
    ];
    const args = ["-m", "mlflow", "server", "--host", "127.0.0.1", "--port", String(port), "--workers", "1", ...stores];
    const log = openSync(join(folder, "server.log"), "w");
    // A group of its own, since the server has processes of its own.
    const env = { ...process.env, MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false" };
    const server = spawn(python, args, { cwd: folder, detached: true, env, stdio: ["ignore", log, log] });
    pid = server.pid;
    for (let waited = 0; waited < 150; waited++) {
      if (
        await fetch(`${uri}/health`).then(
          ({ ok }) => ok,
          () => false,
        )
      )
        return;
      if (server.exitCode !== null) break;
      await sleep(1000);
    }
    throw new Error(`MLflow's server did not start:\n${readFileSync(join(folder, "server.log"), "utf8")}`);
  }, 180_000);
  afterAll(() => {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  });

  const ask = async <T>(path: string, query: Record<string, string>): Promise<T> => {
    const response = await fetch(`${uri}/api/2.0/mlflow/${path}?${new URLSearchParams(query)}`);
    expect(response.status, path).toBe(200);
    return (await response.json()) as T;
  };

  const runId = (name: string): string => JSON.parse(readFileSync(join(folder, name, "mlflow.json"), "utf8")).runId;

  interface Run {
    readonly info: { readonly status: string; readonly run_name: string; readonly artifact_uri: string };
    readonly data: { readonly params: Entry[]; readonly tags: Entry[] };
  }
  interface Entry {
    readonly key: string;
    readonly value: string;
  }
  const runOf = async (name: string): Promise<Run> =>
    (await ask<{ run: Run }>("runs/get", { run_id: runId(name) })).run;
  const named = (entries: readonly Entry[]): Record<string, string> =>
    Object.fromEntries(entries.map(({ key, value }) => [key, value]));

  it("is KILLED by an interruption, goes on in its run, and leaves settings, numbers and files", async () => {
    const first = await train(uri, "real", "--max_epochs 3", (controller) => controller.abort());
    expect(first.code, first.stderr).toBe(130);
    expect((await runOf("real")).info.status).toBe("KILLED");
    const id = runId("real");
    const second = await train(uri, "real", "--max_epochs 3 --resume last");
    expect(second.code, second.stderr).toBe(0);
    expect(second.stderr).not.toContain("warning: MLflow");
    expect(runId("real")).toBe(id);

    const { info, data } = await runOf("real");
    expect(info).toMatchObject({ status: "FINISHED", run_name: "real" });
    expect(named(data.params)).toMatchObject({ gridsize: "1", batch_size: "8", train_data_file: scan, resume: "none" });
    expect(named(data.tags)).toMatchObject({ "ptychonaut.seed": "42", "ptychonaut.outcome": "finished" });
    const { metrics } = await ask<{ metrics: { value: number; step: number }[] }>("metrics/get-history", {
      run_id: id,
      metric_key: "poisson_train_loss",
    });
    expect(metrics.map(({ value }) => value)).toEqual(losses("real"));
    // 24 patterns in batches of 8.
    expect(metrics.map(({ step }) => step)).toEqual([3, 6, 9]);
    const model = info.artifact_uri.replace("mlflow-artifacts:/", `${uri}/api/2.0/mlflow-artifacts/artifacts/`);
    const uploaded = Buffer.from(await (await fetch(`${model}/model.zip`)).arrayBuffer());
    expect(Buffer.compare(uploaded, readFileSync(join(folder, "real/model.zip")))).toBe(0);
    expect(existsSync(join(folder, "files"))).toBe(true);
  });

  it("that fails is FAILED, with the numbers that it had", async () => {
    const { code, stderr } = await train(uri, "lost", "--max_epochs 2 --optimizer sgd --learning_rate 1e30");
    expect(code, stderr).toBe(1);
    expect(stderr).not.toContain("warning: MLflow");
    expect((await runOf("lost")).info.status).toBe("FAILED");
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
