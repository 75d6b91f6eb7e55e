import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";

/** What kept a request from being answered: nobody there, or an answer that says no. */
export class MlflowFailure extends Error {
  /** Whether it may pass by itself: no connection, an overloaded server. */
  readonly temporary: boolean;
  /** MLflow's name for what is wrong, such as RESOURCE_DOES_NOT_EXIST. */
  readonly code: string | undefined;
  readonly status: number | undefined;

  constructor(message: string, { temporary, status, code }: { temporary: boolean; status?: number; code?: string }) {
    super(message);
    this.name = "MlflowFailure";
    this.temporary = temporary;
    this.status = status;
    this.code = code;
  }
}

/** How often a request is sent, and how long one may take. */
export interface Patience {
  readonly attempts: number;
  /** Milliseconds before the second attempt; twice that before the third, and so on. */
  readonly pause: number;
  /** Milliseconds for one attempt. */
  readonly timeout: number;
}

export const usualPatience: Patience = { attempts: 3, pause: 500, timeout: 10_000 };

/** The REST interface of an MLflow server (version 2.0), in JSON. Every method throws MlflowFailure. */
export interface MlflowClient {
  readonly uri: string;
  /** @param shape what the answer must have */
  get<T>(path: string, query: Readonly<Record<string, string>>, shape: z.ZodType<T>): Promise<T>;
  post<T>(path: string, body: object, shape: z.ZodType<T>, patience?: Partial<Patience>): Promise<T>;
  /** Stores a file where the server passes files on; `path` is below its artifact root. */
  upload(path: string, content: Uint8Array<ArrayBuffer>): Promise<void>;
}

/** Milliseconds in which a file must be uploaded. */
const UPLOAD_TIMEOUT = 300_000;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * @param uri without a slash at its end
 * @param environment MLFLOW_TRACKING_USERNAME with MLFLOW_TRACKING_PASSWORD, else MLFLOW_TRACKING_TOKEN, as in MLflow's
 *   own client
 */
export function mlflowClient(uri: string, environment: Environment, patience: Patience = usualPatience): MlflowClient {
  const authorization = authorizationOf(environment);
  const headers = authorization === undefined ? {} : { authorization };
  const send = async (path: string, request: RequestInit, changed: Partial<Patience> = {}): Promise<string> => {
    const allowed = { ...patience, ...changed };
    return persistently(allowed, () =>
      answerOf(`${uri}/api/2.0/${path}`, {
        ...request,
        headers: { ...request.headers, ...headers },
        signal: AbortSignal.timeout(allowed.timeout),
      }),
    );
  };
  return {
    uri,
    async get(path, query, shape) {
      return parsed(await send(`mlflow/${path}?${new URLSearchParams(query)}`, {}), shape);
    },
    async post(path, body, shape, changed) {
      const request = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
      return parsed(await send(`mlflow/${path}`, request, changed), shape);
    },
    async upload(path, content) {
      const name = path.split("/").map(encodeURIComponent).join("/");
      await send(`mlflow-artifacts/artifacts/${name}`, { method: "PUT", body: content }, { timeout: UPLOAD_TIMEOUT });
    },
  };
}

function authorizationOf(environment: Environment): string | undefined {
  const { MLFLOW_TRACKING_USERNAME: user, MLFLOW_TRACKING_PASSWORD: password } = environment;
  if (user && password) return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  const token = environment["MLFLOW_TRACKING_TOKEN"];
  return token ? `Bearer ${token}` : undefined;
}

/** Sends again what may succeed the next time. */
async function persistently<T>({ attempts, pause }: Patience, send: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await send();
    } catch (error) {
      const hopeless = !(error instanceof MlflowFailure) || !error.temporary;
      if (hopeless || attempt >= attempts) throw error;
      await sleep(pause * 2 ** (attempt - 1));
    }
  }
}

async function answerOf(url: string, request: RequestInit): Promise<string> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, request);
    text = await response.text();
  } catch (cause) {
    throw new MlflowFailure(reasonOf(cause), { temporary: true });
  }
  if (response.ok) return text;
  const { status } = response;
  const { error_code: code, message = "" } = errorIn(text);
  const temporary = status === 429 || status >= 500;
  const said = [`status ${status}`, code, firstLine(message)].filter((part) => part !== undefined && part !== "");
  throw new MlflowFailure(said.join(", "), { temporary, status, ...(code === undefined ? {} : { code }) });
}

/** `fetch` hides what happened behind "fetch failed". */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return "no answer in time";
  const { cause } = error;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : undefined;
  return code ?? (cause instanceof Error ? cause.message : error.message);
}

const errorShape = z.object({ error_code: z.string().optional(), message: z.string().optional() });

function errorIn(text: string): { readonly error_code?: string | undefined; readonly message?: string | undefined } {
  try {
    return errorShape.parse(JSON.parse(text));
  } catch {
    return {};
  }
}

/** For answers of which nothing is read. */
export const anyAnswer: z.ZodType<unknown> = z.unknown();

function parsed<T>(text: string, shape: z.ZodType<T>): T {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new MlflowFailure("the answer is not JSON, as an MLflow server's would be", { temporary: false });
  }
  const { success, data, error } = shape.safeParse(json);
  if (success) return data;
  const { path, message } = error.issues[0];
  const where = path.length === 0 ? "" : `${path.join(".")}: `;
  throw new MlflowFailure(`the answer is not an MLflow server's: ${where}${message}`, { temporary: false });
}

const firstLine = (text: string): string => text.split("\n")[0].slice(0, 300);
