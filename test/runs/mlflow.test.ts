import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeHome } from "../../src/node/home.ts";
import type { Patience } from "../../src/node/mlflow/client.ts";
import { mlflowLogger } from "../../src/node/mlflow/logger.ts";
import { reachMlflow } from "../../src/node/mlflow/server.ts";
import { metricColumns, metricsLogger } from "../../src/runs/loggers/loggers.ts";
import type { RunDescription } from "../../src/runs/loggers/logServer.ts";
import type { MetricRow, MetricsLogger } from "../../src/runs/loggers/metricsLogger.ts";
import type { EpochRecord } from "../../src/training/trainingState.ts";
import { type Answer, MlflowStandIn, type SeenRequest } from "./mlflowStandIn.ts";

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-mlflow-"));
afterAll(() => rmSync(folder, { recursive: true }));

const quick: Patience = { attempts: 3, pause: 5, timeout: 30_000 };

let server: MlflowStandIn;
let outputDir = "";
let lines: string[] = [];
beforeEach(async () => {
  server = new MlflowStandIn();
  await server.start();
  outputDir = mkdtempSync(join(folder, "run-"));
  lines = [];
});
afterEach(() => server.stop());

const record = (number: number): EpochRecord => ({
  epoch: number,
  step: 300 * number,
  trainLoss: 2 / number,
  train: { amplitude: 0.25 },
  validationLoss: null,
  validation: {},
  learningRate: 1e-3,
  gradientNormBefore: Number.POSITIVE_INFINITY,
  gradientNormAfter: 1,
  seconds: 1.5,
});
const epoch = (number: number): MetricRow => metricColumns(record(number), "poisson");

const reach = (environment: Record<string, string> = {}, experimentName = "samples") =>
  reachMlflow({ mlflowTrackingUri: server.uri, experimentName }, environment, quick);

async function openLogger(changes: Partial<RunDescription> = {}): Promise<MetricsLogger> {
  const description: RunDescription = {
    outputDir,
    name: "first",
    user: "somebody",
    params: { gridsize: "1" },
    tags: { "ptychonaut.version": "1" },
    command: "train",
    resumed: false,
    history: [],
    ...changes,
  };
  const talk = { log: (line: string) => void lines.push(line), warn: (line: string) => void lines.push(`! ${line}`) };
  return mlflowLogger(
    await reach(),
    await metricsLogger("csv", outputDir, nodeHome),
    description,
    nodeHome.store,
    talk,
  );
}

/** Answers a kind of request with the given answers, one after the other, then as usual. */
function interfere(path: string, ...answers: Answer[]): void {
  server.interfere = (request: SeenRequest) => (request.path === path ? answers.shift() : undefined);
}

const LOG = "mlflow/runs/log-batch";
interface Batch {
  readonly run_id: string;
  readonly params: readonly { key: string; value: string }[];
  readonly tags: readonly { key: string; value: string }[];
  readonly metrics: readonly { key: string; value: number | string; step: number; timestamp: number }[];
}
const metricBodies = (): Batch[] => server.bodies<Batch>(LOG).filter(({ metrics }) => metrics.length > 0);
const warnings = (): string[] => lines.filter((line) => line.startsWith("!"));

describe("a run on an MLflow server", () => {
  it("is created, gets parameters, metrics, files and its end, in this order", async () => {
    const logger = await openLogger();
    await logger.log(epoch(1));
    const file = join(outputDir, "model.zip");
    writeFileSync(file, "a model");
    const checkpoint = join(outputDir, "checkpoints", "last.ckpt.zip");
    await logger.finish({ status: "finished", message: "completed 1 epochs", files: [file, checkpoint] });
    expect(server.paths()).toEqual([
      "GET mlflow/experiments/get-by-name",
      "POST mlflow/experiments/create",
      "POST mlflow/runs/create",
      `POST ${LOG}`,
      `POST ${LOG}`,
      "PUT mlflow-artifacts/artifacts/7/run0/artifacts/model.zip",
      `POST ${LOG}`,
      "POST mlflow/runs/update",
    ]);
    expect(server.bodies("mlflow/experiments/create")).toEqual([{ name: "samples" }]);
    expect(server.bodies("mlflow/runs/create")[0]).toMatchObject({
      experiment_id: "7",
      run_name: "first",
      tags: expect.arrayContaining([{ key: "mlflow.user", value: "somebody" }]),
    });
    const [about, numbers, end] = server.bodies<Batch>(LOG);
    expect(about.params).toEqual([{ key: "gridsize", value: "1" }]);
    expect(about.tags).toEqual([{ key: "ptychonaut.version", value: "1" }]);
    // The columns of the CSV; what has no number there has no metric, and what is not finite goes as a text.
    const values = Object.fromEntries(numbers.metrics.map(({ key, value }) => [key, value]));
    expect(values).toEqual({
      ...{ epoch: 1, poisson_train_loss: 2, amplitude_train: 0.25, learning_rate: 1e-3 },
      ...{ grad_norm_preclip: "Infinity", grad_norm_postclip: 1, seconds: 1.5 },
    });
    const csv = readFileSync(logger.files[0], "utf8").split("\n")[0].split(",");
    expect(csv).toEqual(expect.arrayContaining(Object.keys(values)));
    expect(numbers.metrics.every(({ step, timestamp }) => step === 300 && Number.isInteger(timestamp))).toBe(true);
    expect(String(server.requests[5].body)).toBe("a model");
    expect(end.tags).toEqual([{ key: "ptychonaut.outcome", value: "completed 1 epochs" }]);
    expect(server.bodies("mlflow/runs/update")[0]).toMatchObject({ run_id: "run0", status: "FINISHED" });
    expect(warnings()).toEqual([]);
  });

  it.each([
    ["interrupted", "KILLED"],
    ["failed", "FAILED"],
  ] as const)("that %s is %s", async (status, expected) => {
    await (await openLogger()).finish({ status, message: "why", files: [] });
    expect(server.runs["run0"].info["status"]).toBe(expected);
  });

  it("uses the experiment that is there", async () => {
    server.experiments["samples"] = { id: "3", lifecycle_stage: "active" };
    await openLogger();
    expect(server.paths()).not.toContain("POST mlflow/experiments/create");
    expect(server.runs["run0"].info["experiment_id"]).toBe("3");
  });

  it("uses the experiment that another run created meanwhile", async () => {
    server.interfere = ({ path }) => {
      if (path !== "mlflow/experiments/create") return undefined;
      server.experiments["samples"] = { id: "9", lifecycle_stage: "active" };
      return { status: 400, body: { error_code: "RESOURCE_ALREADY_EXISTS", message: "it is there" } };
    };
    await openLogger();
    expect(server.runs["run0"].info["experiment_id"]).toBe("9");
  });

  it("many parameters go in several requests, long ones shortened", async () => {
    const many = Object.fromEntries(Array.from({ length: 250 }, (_, i) => [`p${i}`, "v".repeat(3 * i)]));
    await openLogger({ params: many });
    const bodies = server.bodies<Batch>(LOG);
    expect(bodies.map(({ params }) => params.length)).toEqual([100, 100, 50]);
    const sent = bodies.flatMap(({ params }) => params);
    expect(sent.map(({ key }) => key)).toEqual(Object.keys(many));
    expect(Math.max(...sent.map(({ value }) => value.length))).toBe(500);
  });

  it("files stay where they are when the server does not pass them on, and it says so", async () => {
    server.artifactRoot = "s3://bucket";
    const logger = await openLogger();
    await logger.finish({ status: "finished", message: "done", files: [join(outputDir, "model.zip")] });
    expect(server.paths().filter((path) => path.startsWith("PUT"))).toEqual([]);
    expect(lines.join("\n")).toMatch(/no files go to MLflow.*s3:\/\/bucket.*They stay in/);
  });
});

describe("a resumed training", () => {
  it("goes on in its run and sends only what is not there", async () => {
    const first = await openLogger();
    await first.log(epoch(1));
    server.requests.length = 0;
    const params = { gridsize: "1", max_epochs: "9" };
    const again = await openLogger({ resumed: true, history: [epoch(1), epoch(2)], params });
    await again.log(epoch(3));
    expect(server.paths()).not.toContain("POST mlflow/runs/create");
    expect(server.bodies("mlflow/runs/update")).toEqual([{ run_id: "run0", status: "RUNNING" }]);
    expect(server.bodies<Batch>(LOG)[0].params).toEqual([{ key: "max_epochs", value: "9" }]);
    const epochs = metricBodies().flatMap(({ metrics }) => metrics.filter(({ key }) => key === "epoch"));
    expect(epochs.map(({ value }) => value)).toEqual([2, 3]);
  });

  it.each([
    ["was deleted on the server", () => Object.assign(server.runs["run0"].info, { lifecycle_stage: "deleted" })],
    ["is not there", () => delete server.runs["run0"]],
    ["was in another experiment", () => Object.assign(server.experiments, { samples: { id: "8" } })],
  ])("has a new run with its whole history when the old one %s", async (_, change) => {
    await openLogger();
    change();
    server.requests.length = 0;
    await (await openLogger({ resumed: true, history: [epoch(1), epoch(2)] })).log(epoch(3));
    expect(server.paths()).toContain("POST mlflow/runs/create");
    const epochs = metricBodies().flatMap(({ metrics }) => metrics.filter(({ key }) => key === "epoch"));
    expect(epochs.map(({ value }) => value)).toEqual([1, 2, 3]);
  });
});

describe("a server in trouble", () => {
  it("is asked again after 5xx, 429 and a lost connection", async () => {
    const logger = await openLogger();
    interfere(LOG, { status: 503, body: "busy" }, "drop");
    await logger.log(epoch(1));
    interfere(LOG, { status: 429, body: {} });
    await logger.log(epoch(2));
    expect(warnings()).toEqual([]);
    expect(metricBodies()).toHaveLength(5);
    expect(server.runs["run0"].data.metrics.find(({ key }) => key === "epoch")!.value).toBe(2);
  });

  it("that goes away costs one warning, and gets what it missed when it is back", async () => {
    const logger = await openLogger();
    await server.stop();
    await logger.log(epoch(1));
    await logger.log(epoch(2));
    expect(warnings()).toEqual([expect.stringMatching(/does not answer \(ECONNREFUSED\).*metrics\.csv/)]);
    await server.start();
    await logger.log(epoch(3));
    const epochs = metricBodies().flatMap(({ metrics }) => metrics.filter(({ key }) => key === "epoch"));
    expect(epochs.map(({ value }) => value)).toEqual([1, 2, 3]);
    expect(lines.at(-1)).toContain("answers again");
    expect(readFileSync(logger.files[0], "utf8").trim().split("\n")).toHaveLength(4);
  });

  it("that stays away does not fail the run", async () => {
    const logger = await openLogger();
    await server.stop();
    await logger.log(epoch(1));
    await logger.finish({ status: "finished", message: "done", files: [] });
    expect(warnings()).toHaveLength(2);
    expect(warnings()[1]).toContain("still does not answer");
    expect(readFileSync(logger.files[0], "utf8").trim().split("\n")).toHaveLength(2);
  });

  it("that refuses is not asked again", async () => {
    const logger = await openLogger();
    interfere(LOG, { status: 400, body: { error_code: "INVALID_PARAMETER_VALUE", message: "no\nlong story" } });
    server.requests.length = 0;
    for (const number of [1, 2]) await logger.log(epoch(number));
    await logger.finish({ status: "finished", message: "done", files: [] });
    expect(server.requests).toHaveLength(1);
    expect(warnings()).toEqual([expect.stringMatching(/refuses this run \(status 400, INVALID_PARAMETER_VALUE, no\)/)]);
  });

  it("that takes no files still hears how the run ended", async () => {
    const logger = await openLogger();
    const file = join(outputDir, "model.zip");
    writeFileSync(file, "a model");
    interfere("mlflow-artifacts/artifacts/7/run0/artifacts/model.zip", { status: 403, body: {} });
    await logger.finish({ status: "finished", message: "done", files: [file] });
    expect(warnings()).toEqual(["! MLflow: not all files were uploaded (status 403)"]);
    expect(server.runs["run0"].info["status"]).toBe("FINISHED");
  });
});

describe("before a run", () => {
  it("credentials come from the environment", async () => {
    await reach({ MLFLOW_TRACKING_TOKEN: "secret" });
    await reach({ MLFLOW_TRACKING_TOKEN: "secret", MLFLOW_TRACKING_USERNAME: "ä", MLFLOW_TRACKING_PASSWORD: "b:c" });
    await reach();
    const basic = `Basic ${Buffer.from("ä:b:c").toString("base64")}`;
    expect(server.requests.map(({ authorization }) => authorization)).toEqual(["Bearer secret", basic, undefined]);
  });

  it("a server that is not there, or refuses, is an error with its address", async () => {
    interfere("mlflow/experiments/get-by-name", { status: 401, body: {} });
    await expect(reach()).rejects.toThrow(/cannot be used.*127\.0\.0\.1.*status 401.*MLFLOW_TRACKING_USERNAME/s);
    interfere("mlflow/experiments/get-by-name", { status: 404, body: "another program" });
    await expect(reach()).rejects.toThrow(/status 404.*check `mlflow_tracking_uri/i);
    await server.stop();
    await expect(reach()).rejects.toMatchObject({ kind: "device", exitCode: 2 });
    await expect(reach()).rejects.toThrow(/ECONNREFUSED.*Start it \(mlflow server\)/);
  });

  it.each([[], {}, { experiment: null }, { experiment: { experiment_id: 7 } }])(
    "a server that answers %j is none of MLflow's",
    async (body) => {
      interfere("mlflow/experiments/get-by-name", { status: 200, body });
      await expect(reach()).rejects.toMatchObject({ kind: "device" });
      interfere("mlflow/experiments/get-by-name", { status: 200, body });
      await expect(reach()).rejects.toThrow(/the answer is not an MLflow server's: /);
    },
  );

  it("a deleted experiment is an error", async () => {
    server.experiments["samples"] = { id: "3", lifecycle_stage: "deleted" };
    await expect(reach()).rejects.toThrow(/"samples" was deleted.*experiment_name/);
  });

  it("the address comes from the setting, then from the environment", async () => {
    const open = { mlflowTrackingUri: null, experimentName: "samples" };
    const found = await reachMlflow(open, { MLFLOW_TRACKING_URI: `${server.uri}/` }, quick);
    expect(found.client.uri).toBe(server.uri);
    const said = { mlflowTrackingUri: server.uri, experimentName: "samples" };
    expect((await reachMlflow(said, { MLFLOW_TRACKING_URI: "file:///mlruns" }, quick)).client.uri).toBe(server.uri);
    await expect(reachMlflow(open, { MLFLOW_TRACKING_URI: "file:///mlruns" }, quick)).rejects.toThrow(
      /MLFLOW_TRACKING_URI; expected http.*through a server only/,
    );
  });
});
