import { createHash, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, dirname } from "node:path";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import send from "send";
import { WebSocketServer } from "ws";
import { PtychonautError } from "../../errors.ts";
import type { RunStore } from "../../runs/store.ts";
import { codeOf, reasonOf } from "../files/failures.ts";
import { builtPage } from "./pageFiles.ts";
import { nameOnDisk, type Shared, servedFolder } from "./shared.ts";
import { watched } from "./watchedRuns.ts";

export interface ViewServerOptions {
  /** The page as it was built. */
  readonly pageFolder: string;
  readonly shared: readonly Shared[];
  readonly store: RunStore;
  /** Default: this computer alone. */
  readonly host?: string;
  /** Default: any that is free. */
  readonly port?: number;
  /** What others have to know who want to see the files; needed where others than this computer reach the server. */
  readonly token?: string;
}

export interface ViewServer {
  /** The address to open, with the token in it. */
  readonly url: string;
  close(): Promise<void>;
}

/** How often runs are looked at, ms. */
const LOOK_MS = 700;
/** What a page may send: nothing that is long. */
const MOST_BYTES_SENT = 1024;

/** Names by which this computer alone is reached. */
const OWN_NAMES = ["localhost", "127.0.0.1", "[::1]"];

/**
 * Serves the page, what it may look at, and news of it over a WebSocket. Only what is shared can be read, by GET; other
 * sites can neither read it (no CORS) nor reach it under a name of theirs (the name is checked).
 * @throws PtychonautError as `builtPage`; "usage" where the address cannot be had
 */
export async function startViewServer(options: ViewServerOptions): Promise<ViewServer> {
  const { pageFolder, shared, store, host = "127.0.0.1", port = 0, token } = options;
  const page = await builtPage(pageFolder);
  const html = page.html.replace("<head>", '<head><meta name="ptychonaut-view" content="shared">');
  const isOwn = token === undefined;

  const refusal = (request: IncomingMessage, url: URL): number | undefined => {
    if (isOwn && !OWN_NAMES.includes(url.hostname)) return 421;
    if (request.method !== "GET" && request.method !== "HEAD") return 405;
    if (url.pathname.startsWith("/shared/") && !isOwn && !knows(request, url, token)) return 401;
    return undefined;
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = urlOf(request);
    const refused = url === undefined ? 400 : refusal(request, url);
    if (url === undefined || refused !== undefined) return end(response, refused ?? 400);
    if (url.pathname === "/" || url.pathname === "/index.html") {
      setAll(response, page.headers);
      response.setHeader("Content-Type", "text/html; charset=utf-8");
      response.end(request.method === "HEAD" ? undefined : html);
      return;
    }
    const borrowed = page.borrowed.get(url.pathname.slice(1));
    if (borrowed !== undefined) {
      response.setHeader("Content-Type", url.pathname.endsWith(".wasm") ? "application/wasm" : "text/javascript");
      return serve(request, response, dirname(borrowed), `/${basename(borrowed)}`, page.headers);
    }
    const asked = /^\/shared\/(\d+)\/(.+)$/.exec(url.pathname);
    if (asked === null) return serve(request, response, pageFolder, url.pathname, page.headers);
    const [, number, encoded] = asked;
    const one = shared.at(Number(number));
    const name = one && (await nameOnDisk(one, decoded(encoded)));
    if (one === undefined || name === undefined) return end(response, 404);
    const path = name.split("/").map(encodeURIComponent).join("/");
    serve(request, response, servedFolder(one), `/${path}`, dataHeaders);
  };

  const server = createServer((request, response) => {
    answer(request, response).catch(() => end(response, 500));
  });
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MOST_BYTES_SENT });
  server.on("upgrade", (request, socket: Duplex, head: Buffer) => {
    const url = urlOf(request);
    const { origin } = request.headers;
    const refused =
      url === undefined || url.pathname !== "/shared/news"
        ? 404
        : (refusal(request, url) ?? (origin !== `http://${url.host}` ? 403 : undefined));
    if (refused !== undefined) return void socket.end(`HTTP/1.1 ${refused} Refused\r\nConnection: close\r\n\r\n`);
    sockets.handleUpgrade(request, socket, head, (opened) => sockets.emit("connection", opened, request));
  });

  await listening(server, host, port);
  const ending = new AbortController();
  const watching = watchShared(shared, store, sockets, ending.signal);
  const { port: got } = server.address() as AddressInfo;
  const name = host.includes(":") ? `[${host}]` : host;
  return {
    url: `http://${name}:${got}/${token === undefined ? "" : `?token=${token}`}#watch`,
    async close() {
      ending.abort();
      await watching;
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Sends everybody what is shared, and what is new of it, until it is told to end. */
async function watchShared(
  shared: readonly Shared[],
  store: RunStore,
  sockets: WebSocketServer,
  signal: AbortSignal,
): Promise<void> {
  const all = shared.map((one, id) => watched(id, one, store));
  sockets.on("connection", (socket) => {
    socket.on("error", () => socket.terminate());
    for (const { all: known } of all) if (known !== undefined) socket.send(JSON.stringify(known));
  });
  while (!signal.aborted) {
    for (const one of all) {
      if (sockets.clients.size === 0) break;
      const news = await one.look();
      if (news === undefined) continue;
      const text = JSON.stringify(news);
      for (const socket of sockets.clients) socket.send(text);
    }
    await sleep(LOOK_MS, undefined, { signal }).catch(() => {});
  }
}

/** Where a request goes, by the name under which the server was reached. */
function urlOf(request: IncomingMessage): URL | undefined {
  const address = `http://${request.headers.host ?? ""}${request.url ?? ""}`;
  return request.headers.host !== undefined && URL.canParse(address) ? new URL(address) : undefined;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

/** Compared in the same time for every wrong one. */
function knows(request: IncomingMessage, url: URL, token: string): boolean {
  const said = request.headers.authorization?.replace(/^Bearer /, "") ?? url.searchParams.get("token") ?? "";
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(said), digest(token));
}

function setAll(response: ServerResponse, headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
}

/** A user's file is data, whatever its name says: a document among them may do nothing. */
const dataHeaders: Readonly<Record<string, string>> = {
  "Content-Security-Policy": "default-src 'none'; sandbox",
  "Cross-Origin-Resource-Policy": "same-origin",
  "X-Content-Type-Options": "nosniff",
  "Cache-Control": "no-store",
};

/** A file of a folder, whole or in part. */
function serve(
  request: IncomingMessage,
  response: ServerResponse,
  root: string,
  path: string,
  headers: Readonly<Record<string, string>>,
): void {
  send(request, path, { root, index: false, dotfiles: "ignore", cacheControl: false })
    .on("headers", () => setAll(response, headers))
    .on("directory", () => end(response, 404))
    .on("error", ({ status }: { readonly status?: number }) => end(response, status ?? 500))
    .pipe(response);
}

function end(response: ServerResponse, status: number): void {
  if (!response.headersSent) response.writeHead(status, { "Content-Type": "text/plain" });
  response.end();
}

/** @throws PtychonautError "usage" when the address cannot be had */
async function listening(server: ReturnType<typeof createServer>, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) =>
      reject(
        new PtychonautError("usage", "the page cannot be served at this address", {
          where: `${host}, port ${port}`,
          got: codeOf(cause) === "EADDRINUSE" ? "another program has the port" : reasonOf(cause),
          fix: "name another",
          cause,
        }),
      ),
    );
    server.listen(port, host, resolve);
  });
}
