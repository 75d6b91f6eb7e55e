import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import send from "send";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { nodeHome } from "../../src/node/home.ts";
import { exportPage } from "../../src/node/server/exportPage.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { numberText } from "../../web/canvas/words.ts";
import { chromiumPath } from "./harness.ts";
import { finishRun, scanFile, toView } from "./pageScan.ts";
import { builtPage, type PageSite, servePage } from "./pageSite.ts";

const FRAMES = 400;
const made = simulate({ n: 64, patterns: FRAMES, seed: 3, photons: 1e5, object: "deadLeaves" });

const addressOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

/** The page as `ptychonaut view --export` writes it, on a host that knows nothing of it, with files beside it. */
describe.skipIf(chromiumPath === undefined)("files of the server that the page is from", () => {
  const folder = mkdtempSync(join(tmpdir(), "ptychonaut-address-"));
  const [root, samples] = [join(folder, "site"), join(folder, "samples")];
  let [site, server, url]: [PageSite | undefined, Server | undefined, string] = [undefined, undefined, ""];
  /** Requests for files beside the page: what was asked, and the answer's status. */
  let asked: { readonly path: string; readonly range: string | undefined; readonly status: number }[] = [];

  /** Another server, whom nobody is to ask anything. */
  const other = createServer((_, response) => {
    reached++;
    response.end("PK");
  });
  let reached = 0;

  beforeAll(async () => {
    site = await servePage();
    mkdirSync(samples);
    writeFileSync(join(samples, "leaf & co.npz"), scanFile().buffer);
    const note = { title: "Leaf <b>1</b>", source: "Somebody 2020", licence: "CC0", about: "its veins" };
    writeFileSync(join(samples, "leaf & co.json"), JSON.stringify(note));
    await exportPage({ pageFolder: builtPage, to: root, samples }, nodeHome);
    for (const kind of ["parts", "whole"]) {
      mkdirSync(join(root, "scans", kind), { recursive: true });
      writeFileSync(join(root, "scans", kind, "large scan.npz"), writeScanNpz(made, { compress: false }));
      writeFileSync(join(root, "scans", kind, "small.npz"), scanFile().buffer);
    }
    const headers = JSON.parse(readFileSync(join(root, "headers.json"), "utf8")) as Record<string, string>;
    server = createServer((request, response) => {
      const path = new URL(request.url ?? "", "http://any").pathname;
      if (path.startsWith("/scans/"))
        response.on("close", () => asked.push({ path, range: request.headers.range, status: response.statusCode }));
      if (path === "/scans/endless.npz")
        return void response.writeHead(200, { "Content-Length": 3 * 2 ** 30 }).write("PK");
      if (path === "/scans/elsewhere.npz")
        return void response.writeHead(302, { Location: `${addressOf(other)}a.npz` }).end();
      send(request, path, { root, acceptRanges: !path.includes("/whole/") })
        .on("headers", () => {
          for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
        })
        // As hosts of pages with views in their addresses do.
        .on("error", ({ status }: { readonly status?: number }) =>
          path.includes("/any/")
            ? response.setHeader("Content-Type", "text/html; charset=utf-8").end("<!doctype html>")
            : response.writeHead(status ?? 500).end(),
        )
        .pipe(response);
    });
    for (const one of [server, other]) await new Promise<void>((ready) => one.listen(0, "127.0.0.1", ready));
    url = addressOf(server);
  });
  afterEach(() => {
    asked = [];
  });
  afterAll(async () => {
    for (const one of [server, other]) {
      one?.closeAllConnections();
      one?.close();
    }
    await site?.close();
    rmSync(folder, { recursive: true });
  });

  const open = (path: string) => {
    if (site === undefined) throw new Error("no site");
    return site.open({ at: new URL(path, url).href });
  };
  const byAddress = async (page: Page, address: string): Promise<void> => {
    await page.getByLabel("Or a file on this server, by its address").fill(address);
    await page.getByRole("button", { name: "Open the address" }).click();
  };

  it("are read in parts where the server gives them, by the page and by its runs", async () => {
    const { page, context, offences } = await open("?open=scans/parts/large%20scan.npz#open");
    await page.getByText(`${FRAMES} of 64 × 64 pixels`).waitFor();
    expect(asked.length).toBeGreaterThan(1);
    for (const { range, status } of asked)
      expect([status, range]).toEqual([206, expect.stringMatching(/^bytes=\d+-\d+$/)]);
    await toView(page, "Patterns");
    await page.getByLabel(`Pattern 0 of ${FRAMES}`).press("End");
    const last = new Float32Array(64 * 64);
    made.patterns.read([FRAMES - 1], last);
    // The file has amplitudes.
    const most = numberText(Math.sqrt(Math.max(...last)));
    await page.getByLabel(new RegExp(`^pattern ${FRAMES - 1}; .* to ${most}\\b`)).waitFor();
    await finishRun(page, 2);
    expect(asked.every(({ status }) => status === 206)).toBe(true);
    expect(offences).toEqual([]);
    await context.close();
  });

  it("are taken as a whole where the server gives no parts; the page's address says what is open", async () => {
    const { page, context, offences } = await open("");
    await byAddress(page, "scans/whole/large scan.npz");
    await page.getByText(`${FRAMES} of 64 × 64 pixels`).waitFor();
    // The server notes a request when its answer has gone out, which the page may have read before.
    await expect
      .poll(() => asked)
      .toEqual([{ path: "/scans/whole/large%20scan.npz", range: "bytes=0-0", status: 200 }]);
    await expect.poll(() => new URL(page.url()).searchParams.getAll("open")).toEqual(["scans/whole/large scan.npz"]);
    // Also in a view that has nothing to do with addresses, as who was sent one finds it.
    await toView(page, "Patterns");
    await page.reload();
    await page.getByLabel(`Pattern 0 of ${FRAMES}`, { exact: true }).waitFor();
    await toView(page, "Open");
    await page.getByText(`${FRAMES} of 64 × 64 pixels`).waitFor();
    await page.getByLabel("Choose files").setInputFiles(scanFile());
    await page.getByText("64 of 32 × 32 pixels").waitFor();
    await expect.poll(() => new URL(page.url()).search).toBe("");
    expect(offences).toEqual([]);
    await context.close();
  });

  it.each([
    ["https://elsewhere.example/a.npz", /files of its own server alone.*elsewhere\.example/s, 0],
    ["//elsewhere.example/a.npz", /files of its own server alone/, 0],
    ["data:,a", /files of its own server alone.*data:/s, 0],
    ["scans/nothing.npz", /no such file on this server.*scans\/nothing\.npz/s, 1],
    ["scans/any/nothing.npz", /answers with a page, not with a file/, 1],
    ["scans/", /address of a folder/, 0],
    ["scans/endless.npz", /too large to be taken as a whole.*3\.0 GiB/s, 1],
    ["scans/elsewhere.npz", /sends on to another address/, 1],
  ])("are refused in place for what is none: %s", async (address, reason, requests) => {
    const { page, context, offences } = await open("");
    await page.getByLabel("Choose files").setInputFiles(scanFile());
    await page.getByText("64 of 32 × 32 pixels").waitFor();
    await byAddress(page, address);
    const alert = page.getByRole("alert");
    await alert.waitFor();
    expect(await alert.textContent()).toMatch(reason);
    // The one that is open stays, and nothing was asked of anybody else.
    await page.getByText("64 of 32 × 32 pixels").waitFor();
    expect(new URL(page.url()).search).toBe("");
    await expect.poll(() => asked.length).toBe(requests);
    // Where an answer leads to is told as a request, which was not made.
    const led = `request to ${addressOf(other)}`;
    expect(offences.filter((line) => line.startsWith("request") && !line.startsWith(led))).toEqual([]);
    expect(reached).toBe(0);
    await context.close();
  });

  it("are samples where the page comes with some, with source and licence, as text", async () => {
    const { page, context, offences } = await open("#sample");
    const list = page.getByRole("region", { name: "Samples that come with this page" });
    await list.getByText("Leaf <b>1</b>").first().waitFor();
    await list.getByText(/^Somebody 2020; CC0; 0\.\d MB$/).waitFor();
    await list.getByRole("button", { name: "Open Leaf <b>1</b>" }).click();
    await page.getByTestId("scan-name").filter({ hasText: "leaf & co.npz" }).waitFor();
    await finishRun(page, 2);
    expect(offences).toEqual([]);
    await context.close();
  });
});
