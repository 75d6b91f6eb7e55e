import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { sharedPath } from "../../../src/node/server/shared.ts";
import { startViewServer, type ViewServer, type ViewServerOptions } from "../../../src/node/server/viewServer.ts";
import { nodeStore } from "../../../src/node/store.ts";

const root = mkdtempSync(join(tmpdir(), "ptychonaut-view-"));
const [pageFolder, run, scan] = [join(root, "page"), join(root, "run"), join(root, "scan & <b>.npz")];
let server: ViewServer | undefined;

beforeAll(() => {
  for (const folder of [pageFolder, join(run, "reconstructions")]) mkdirSync(folder, { recursive: true });
  writeFileSync(join(pageFolder, "index.html"), "<!doctype html><html><head></head></html>");
  writeFileSync(join(pageFolder, "headers.json"), JSON.stringify({ "Content-Security-Policy": "default-src 'none'" }));
  const borrowed = { "apart/ort.js": { package: "onnxruntime-web", path: "dist/ort.wasm.bundle.min.mjs" } };
  writeFileSync(join(pageFolder, "borrowed.json"), JSON.stringify(borrowed));
  writeFileSync(join(run, "reconstructions/epoch 1 #%.png"), "0123456789");
  writeFileSync(join(run, "evil.html"), "<script>1</script>");
  writeFileSync(join(run, ".hidden"), "hidden");
  writeFileSync(join(root, "secret.txt"), "secret");
  writeFileSync(scan, "scan");
  symlinkSync(join(root, "secret.txt"), join(run, "link.txt"));
  symlinkSync(root, join(run, "up"));
});
afterEach(async () => {
  await server?.close();
  server = undefined;
});
afterAll(() => rmSync(root, { recursive: true }));

async function started(options: Partial<ViewServerOptions> = {}): Promise<URL> {
  const shared = await Promise.all([run, scan].map(sharedPath));
  server = await startViewServer({ pageFolder, shared, store: nodeStore, ...options });
  return new URL(server.url);
}

interface Answered {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** Asks with a path that nothing has tidied. */
function ask(at: URL, path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port: at.port, path, method, headers }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text) => {
        body += text;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body, headers: response.headers }));
    });
    sent.on("error", reject).end();
  });
}

/** The first news over a WebSocket, or the status that refused it. */
function news(at: URL, headers: Record<string, string> = {}, query = ""): Promise<Record<string, unknown> | number> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://${at.host}/shared/news${query}`, { headers: { Origin: at.origin, ...headers } });
    socket.on("message", (data) => {
      resolve(JSON.parse(String(data)));
      socket.terminate();
    });
    socket.on("unexpected-response", (_, { statusCode }) => resolve(statusCode ?? 0));
    socket.on("error", () => {});
  });
}

describe("the server of the page", () => {
  it("serves the page with its headers and a sign, and what is shared, in parts too", async () => {
    const at = await started();
    const page = await ask(at, "/");
    expect(page.body).toContain('<meta name="ptychonaut-view"');
    expect(page.headers["content-security-policy"]).toBe("default-src 'none'");
    const picture = "/shared/0/reconstructions/epoch%201%20%23%25.png";
    expect(await ask(at, picture)).toMatchObject({ status: 200, body: "0123456789" });
    expect(await ask(at, picture, { Range: "bytes=2-4" })).toMatchObject({ status: 206, body: "234" });
    expect(await ask(at, "/shared/1/scan%20%26%20%3Cb%3E.npz")).toMatchObject({ status: 200, body: "scan" });
  });

  it("serves what the page borrows from the package that has it, and nothing else of that", async () => {
    const at = await started();
    const { body, headers } = await ask(at, "/apart/ort.js");
    expect(body).toBe(readFileSync("node_modules/onnxruntime-web/dist/ort.wasm.bundle.min.mjs", "utf8"));
    expect(headers).toMatchObject({
      ...{
        "content-type": expect.stringContaining("text/javascript"),
        "content-security-policy": "default-src 'none'",
      },
    });
    expect(await ask(at, "/apart/ort.wasm.min.mjs")).toMatchObject({ status: 404 });
    const strange = { "apart/ort.js": { package: "onnxruntime-web", path: "dist/nothing.mjs" } };
    const other = join(root, "other page");
    cpSync(pageFolder, other, { recursive: true });
    writeFileSync(join(other, "borrowed.json"), JSON.stringify(strange));
    await server?.close();
    await expect(started({ pageFolder: other })).rejects.toThrow(
      /a part of the page is not installed.*nothing\.mjs.*npm install/s,
    );
  });

  it.each([
    "/shared/0/../secret.txt",
    "/shared/0/%2e%2e/secret.txt",
    "/shared/0/..%2fsecret.txt",
    "/shared/0/%2e%2e%2fsecret.txt",
    "/shared/0/..%5csecret.txt",
    "/shared/0//etc/passwd",
    "/shared/0/%00",
    "/shared/0/%",
    "/shared/0/link.txt",
    "/shared/0/up/secret.txt",
    "/shared/0/.hidden",
    "/shared/1/secret.txt",
    "/shared/1/run/evil.html",
    "/shared/2/run",
    "/shared/0/",
    "/shared/0/reconstructions",
    "/../secret.txt",
    "/%2e%2e/secret.txt",
  ])("gives nothing else of the disk: %s", async (path) => {
    const { status, body } = await ask(await started(), path);
    expect([status, body]).toEqual([404, ""]);
  });

  it("lets a document among the files do nothing, and no other site read any", async () => {
    const { headers } = await ask(await started(), "/shared/0/evil.html");
    expect(headers["content-security-policy"]).toBe("default-src 'none'; sandbox");
    expect(headers["cross-origin-resource-policy"]).toBe("same-origin");
    expect(headers["access-control-allow-origin"]).toBeUndefined();
  });

  it("is reached by this computer's own names only, and asked for nothing but to read", async () => {
    const at = await started();
    expect(await ask(at, "/", { Host: `evil.example:${at.port}` })).toMatchObject({ status: 421, body: "" });
    expect(await ask(at, "/", {}, "POST")).toMatchObject({ status: 405 });
    expect(await news(at, { Origin: "http://evil.example" })).toBe(403);
    expect(await news(at)).toMatchObject({ id: 0, name: "run", kind: "folder" });
  });

  it("serves others than this computer only what they know the token of", async () => {
    const at = await started({ host: "0.0.0.0", token: "right" });
    const file = "/shared/0/evil.html";
    expect(at.searchParams.get("token")).toBe("right");
    expect(await ask(at, "/", { Host: "beamline:80" })).toMatchObject({ status: 200 });
    expect(await ask(at, file)).toMatchObject({ status: 401, body: "" });
    expect(await ask(at, file, { Authorization: "Bearer wrong" })).toMatchObject({ status: 401, body: "" });
    expect(await ask(at, file, { Authorization: "Bearer right" })).toMatchObject({ status: 200 });
    expect(await news(at)).toBe(401);
    expect(await news(at, {}, "?token=right")).toMatchObject({ id: 0 });
  });

  it("tells of files that come and go, and of logs cut short", async () => {
    const at = await started();
    const told: { run?: { rows: unknown[]; state: string }; files: { name: string }[]; id: number }[] = [];
    const socket = new WebSocket(`ws://${at.host}/shared/news`, { headers: { Origin: at.origin } });
    socket.on("message", (data) => told.push(JSON.parse(String(data))));
    await expect.poll(() => told.filter(({ id }) => id === 0).length, { timeout: 5000 }).toBe(1);
    expect(told.find(({ id }) => id === 0)?.run, "a folder without a run").toBeUndefined();
    mkdirSync(join(run, "lightning_logs/version_0"), { recursive: true });
    writeFileSync(join(run, "lightning_logs/version_0/metrics.csv"), "epoch,r_factor\n0,0.5\n1,0.2\n2,0.");
    await expect.poll(() => told.findLast(({ id }) => id === 0)?.run?.rows, { timeout: 5000 }).toHaveLength(2);
    expect(told.findLast(({ id }) => id === 0)?.run?.state).toBe("cut");
    rmSync(join(run, "lightning_logs"), { recursive: true });
    await expect.poll(() => told.findLast(({ id }) => id === 0)?.run, { timeout: 5000 }).toBeUndefined();
    socket.terminate();
  });

  it("says what is wrong with what it is to show", async () => {
    await expect(sharedPath(join(root, "nowhere"))).rejects.toThrow(/there is nothing to look at.*nowhere/s);
    await expect(started({ pageFolder: root })).rejects.toThrow(/the page is not built.*build:page/s);
    const at = await started();
    const first = server;
    await expect(started({ port: Number(at.port) })).rejects.toThrow(/another program has the port/);
    server = first;
  });
});
