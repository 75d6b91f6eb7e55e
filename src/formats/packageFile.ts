import { PtychonautError } from "../errors.ts";

/**
 * A file that the program brings along: in Node out of its package, else from where a bundler has put it.
 * @param what it is, for the error
 * @throws PtychonautError "device" when it is not there, or not served
 */
export async function packageFile({ href }: { readonly href: string }, what: string): Promise<Uint8Array<ArrayBuffer>> {
  // Node has packages in files, which its `fetch` does not read.
  if (href.startsWith("file:")) return onDisk(href, what);
  const response = await fetch(href);
  // A server may answer with a page where there is no such file.
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (response.ok && WASM.every((byte, i) => bytes[i] === byte)) return bytes;
  throw new PtychonautError("device", `${what} cannot be loaded`, {
    where: href,
    got: `status ${response.status}`,
    fix: "serve the file that the bundler has put there",
  });
}

function onDisk(href: string, what: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(nodeFiles().readFileSync(new URL(href)));
  } catch (cause) {
    throw new PtychonautError("device", `${what} cannot be loaded`, {
      where: href,
      got: (cause as { readonly code?: string }).code ?? String(cause),
      fix: "in a clone compile it: npm run build; elsewhere install the package anew",
      cause,
    });
  }
}

/** First bytes of a WebAssembly module. */
const WASM = [0, 0x61, 0x73, 0x6d];

interface NodeFiles {
  readFileSync(address: URL): Uint8Array;
}

const nodeFiles = (): NodeFiles =>
  (globalThis as unknown as { process: { getBuiltinModule(name: string): NodeFiles } }).process.getBuiltinModule("fs");
