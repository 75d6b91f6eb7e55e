import { PtychonautError } from "../../src/errors.ts";
import { type RangedFile, stampOf, wholeSize } from "../../src/web/rangedFile.ts";

/** A small file is taken at once, also where parts of it could be had. */
const AT_ONCE = 2 ** 22;
/** Bytes of a file that is taken as a whole, since the server gives no parts: the browser keeps it for the page. */
const MOST_AT_ONCE = 2 ** 30;

/**
 * A file of the server that the page is from: parts of it are read as they are needed where the server gives them, else it is
 * taken as a whole.
 * @param address from where the page is, or in full
 * @throws PtychonautError "usage" for another server's, which is not asked; "data" for what is not there, or is a page
 */
export async function fileAt(address: string): Promise<File | RangedFile> {
  const url = ownAddress(address);
  const name = nameIn(url);
  const part = await ask(url, { Range: "bytes=0-0" });
  const size = part.status === 206 ? wholeSize(part.headers.get("Content-Range")) : undefined;
  if (size !== undefined && size > AT_ONCE)
    return { name, address: url.href, size, stamp: stampOf((header) => part.headers.get(header)) };
  if (part.status !== 206) return whole(part, name, url);
  return whole(await ask(url, {}), name, url);
}

/** @throws PtychonautError "usage" */
function ownAddress(address: string): URL {
  if (!URL.canParse(address, document.baseURI))
    throw new PtychonautError("usage", "this is no address", { where: address });
  const url = new URL(address, document.baseURI);
  if (url.origin === location.origin) return url;
  throw new PtychonautError("usage", "the page opens files of its own server alone", {
    ...{ where: address, expected: location.origin, got: url.origin === "null" ? url.protocol : url.origin },
    fix: "download the file, and drop it here",
  });
}

/** @throws PtychonautError "usage" where the address is a folder's */
function nameIn({ pathname, href }: URL): string {
  const last = pathname.slice(pathname.lastIndexOf("/") + 1);
  const name = decoded(last).replaceAll("/", "_");
  if (name !== "") return name;
  throw new PtychonautError("usage", "this is the address of a folder", { where: href, expected: "a file" });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** @throws PtychonautError "data" for everything but a file's bytes */
async function ask(url: URL, headers: Readonly<Record<string, string>>): Promise<Response> {
  const wrong = (what: string, details: { readonly got?: string; readonly fix?: string; readonly cause?: unknown }) =>
    new PtychonautError("data", what, { where: url.href, ...details });
  let response: Response;
  try {
    response = await fetch(url, { headers, mode: "same-origin", redirect: "manual" });
  } catch (cause) {
    throw wrong("the file cannot be had", { got: "no answer", fix: "see whether the server runs", cause });
  }
  // Where to is not said, and could be another server.
  if (response.type === "opaqueredirect")
    throw wrong("the server sends on to another address", { fix: "say that address, if it is this server's" });
  const { status, statusText } = response;
  if (status === 404) throw wrong("no such file on this server", { fix: "check the address" });
  if (status === 416) throw wrong("the file is empty", {});
  if (!response.ok) throw wrong("the file cannot be had", { got: `status ${status} ${statusText}`.trim() });
  if (!/^text\/html\b/i.test(response.headers.get("Content-Type") ?? "")) return response;
  await response.body?.cancel();
  throw wrong("the server answers with a page, not with a file", {
    ...{ got: "text/html", fix: "check the address: many servers answer so for what is not there" },
  });
}

/** @throws PtychonautError "data" for what is too long, or ends too early */
async function whole(response: Response, name: string, url: URL): Promise<File> {
  const tooLong = (got: string): PtychonautError =>
    new PtychonautError("data", "the file is too large to be taken as a whole", {
      ...{
        where: url.href,
        got,
        expected: `${MOST_AT_ONCE / 2 ** 30} GiB at most, as this server gives no parts of it`,
      },
      fix: "serve it by a program that answers requests for ranges, as ptychonaut view does; or download it, and drop it here",
    });
  const said = Number(response.headers.get("Content-Length") ?? 0);
  if (said > MOST_AT_ONCE) {
    await response.body?.cancel();
    throw tooLong(`${(said / 2 ** 30).toFixed(1)} GiB`);
  }
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  try {
    for (const reader = response.body?.getReader(); reader !== undefined; ) {
      const { done, value } = await reader.read();
      if (done) break;
      bytes += value.length;
      if (bytes > MOST_AT_ONCE) {
        await reader.cancel();
        throw tooLong("more");
      }
      pieces.push(value);
    }
  } catch (cause) {
    if (cause instanceof PtychonautError) throw cause;
    throw new PtychonautError("data", "the file ends too early", { where: url.href, got: `${bytes} bytes`, cause });
  }
  // By its time it is told from another one of its name, and known again when it is opened anew.
  const changed = Date.parse(response.headers.get("Last-Modified") ?? "");
  return new File([new Blob(pieces)], name, Number.isNaN(changed) ? {} : { lastModified: changed });
}
