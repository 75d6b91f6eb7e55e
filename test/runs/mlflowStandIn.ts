import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface SeenRequest {
  readonly method: string;
  /** Without `/api/2.0/` and without the query. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** JSON, or for files the bytes. */
  readonly body: unknown;
  readonly authorization: string | undefined;
}

/** An answer out of turn; "drop" closes the connection without one. */
export type Answer = { readonly status: number; readonly body: unknown } | "drop" | undefined;

interface StoredRun {
  readonly info: Record<string, unknown>;
  readonly data: {
    readonly params: { key: string; value: string }[];
    readonly metrics: { key: string; value: number; step: number }[];
    readonly tags: { key: string; value: string }[];
  };
}

/** The part of MLflow's REST interface that a logger uses, in memory, with everything that it was asked. */
export class MlflowStandIn {
  readonly requests: SeenRequest[] = [];
  readonly experiments: Record<string, { id: string; lifecycle_stage: string }> = {};
  readonly runs: Record<string, StoredRun> = {};
  /** Where the server says that files of runs are. */
  artifactRoot = "mlflow-artifacts:/7";
  /** Comes before the usual answer. */
  interfere: (request: SeenRequest) => Answer = () => undefined;
  #server: Server | undefined;
  #port = 0;

  get uri(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** The same port again after `stop`. */
  async start(): Promise<void> {
    this.#server = createServer(async (incoming, response) => {
      const request = await read(incoming);
      this.requests.push(request);
      const answer = this.interfere(request) ?? this.#answer(request);
      if (answer === "drop") return void incoming.socket.destroy();
      response.writeHead(answer.status, { "content-type": "application/json" }).end(JSON.stringify(answer.body));
    });
    await new Promise<void>((resolve) => this.#server!.listen(this.#port, "127.0.0.1", resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  /** What was asked, in order. */
  paths(): string[] {
    return this.requests.map(({ method, path }) => `${method} ${path}`);
  }

  /** Bodies of the requests to a path. */
  bodies<T>(path: string): T[] {
    return this.requests.filter((request) => request.path === path).map(({ body }) => body as T);
  }

  #answer({ path, query, body }: SeenRequest): Exclude<Answer, undefined> {
    const given = body as Record<string, string> & StoredRun["data"];
    switch (path) {
      case "mlflow/experiments/get-by-name": {
        const experiment = this.experiments[query["experiment_name"]];
        if (experiment === undefined) return missing;
        const { id: experiment_id, lifecycle_stage } = experiment;
        return { status: 200, body: { experiment: { experiment_id, lifecycle_stage } } };
      }
      case "mlflow/experiments/create":
        this.experiments[given["name"]] = { id: "7", lifecycle_stage: "active" };
        return { status: 200, body: { experiment_id: "7" } };
      case "mlflow/runs/create": {
        const id = `run${Object.keys(this.runs).length}`;
        const info = {
          run_id: id,
          experiment_id: given["experiment_id"],
          status: "RUNNING",
          lifecycle_stage: "active",
        };
        const artifacts = { artifact_uri: `${this.artifactRoot}/${id}/artifacts` };
        this.runs[id] = { info: { ...info, ...artifacts }, data: { params: [], metrics: [], tags: [...given.tags] } };
        return { status: 200, body: { run: this.runs[id] } };
      }
      case "mlflow/runs/get": {
        const run = this.runs[query["run_id"]];
        return run === undefined ? missing : { status: 200, body: { run } };
      }
      case "mlflow/runs/update":
        Object.assign(this.runs[given["run_id"]].info, given);
        return { status: 200, body: {} };
      case "mlflow/runs/log-batch": {
        const { data } = this.runs[given["run_id"]];
        for (const kind of ["params", "tags"] as const) data[kind].push(...given[kind]);
        for (const metric of given.metrics) {
          const at = data.metrics.findIndex(({ key }) => key === metric.key);
          if (at >= 0) data.metrics[at] = metric;
          else data.metrics.push(metric);
        }
        return { status: 200, body: {} };
      }
      default:
        return path.startsWith("mlflow-artifacts/artifacts/") ? { status: 200, body: {} } : missing;
    }
  }
}

const missing = { status: 404, body: { error_code: "RESOURCE_DOES_NOT_EXIST", message: "it is not there" } } as const;

async function read(incoming: IncomingMessage): Promise<SeenRequest> {
  const url = new URL(incoming.url!, "http://host");
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  const isJson = incoming.headers["content-type"] === "application/json";
  return {
    method: incoming.method!,
    path: url.pathname.replace(/^\/api\/2\.0\//, ""),
    query: Object.fromEntries(url.searchParams),
    body: isJson ? JSON.parse(bytes.toString()) : bytes,
    authorization: incoming.headers.authorization,
  };
}
