import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { PtychonautError, setting } from "../../errors.ts";
import { counted } from "../../printable.ts";
import type { Command, CommandContext } from "./command.ts";
import type { Flag, ParsedFlags } from "./flags.ts";

const section = "Address";
const flags: readonly Flag[] = [
  {
    name: "port",
    kind: "integer",
    section,
    description: "Where the page is served; any that is free when left open.",
  },
  {
    name: "host",
    kind: "text",
    section,
    description:
      "Serve it to other computers, at this address of this one (0.0.0.0: at all of them). Who opens it needs the token of the printed address. It is not encrypted: for a network that you trust, or through ssh.",
  },
  {
    name: "export",
    kind: "text",
    section: "A page without a server",
    description:
      "Write the page into this folder and end, instead of serving it: plain files, which any host can serve. Its headers.json says which headers to send.",
  },
  {
    name: "samples",
    kind: "text",
    section: "A page without a server",
    description:
      "With --export: a folder of scans that the page offers. Beside each NAME.npz (or another format) lies NAME.json, with title, source and licence, and about if there is more to say.",
  },
];

const pageFolder = fileURLToPath(new URL("../../../dist/page", import.meta.url));

/** `ptychonaut view`: the page, and what it may look at on this disk. */
export const viewCommand: Command = {
  usage: "[RUN|FILE ...] [options]",
  details:
    "Serves the page on this computer and prints its address, until it is interrupted. Folders of runs are shown as they go: curves, pictures, files; also while a run is killed and resumed. Files can be opened as if they were dropped on the page. Only what is named here can be read, and only by this computer.",
  examples: [
    "ptychonaut view",
    "ptychonaut view run",
    "ptychonaut view run_a run_b scan.h5",
    "ptychonaut view run --host 0.0.0.0 --port 8080",
    "ptychonaut view --export site --samples my_scans",
  ],
  flags,
  positionals: ["[RUN|FILE...]"],
  run: view,
};

async function view(parsed: ParsedFlags, context: CommandContext): Promise<number> {
  const { values, positionals } = parsed;
  if (values["export"] !== undefined) return exported(parsed, context);
  if (values["samples"] !== undefined)
    throw new PtychonautError("usage", "samples are for a page that is written", {
      fix: `add ${setting("export", "FOLDER")}`,
    });
  const { sharedPath } = await import("../server/shared.ts");
  const { startViewServer } = await import("../server/viewServer.ts");
  const { host, port } = values;
  if (typeof port === "number" && (port < 0 || port > 65_535))
    throw new PtychonautError("usage", "there is no such port", { expected: "0 to 65535", got: `${port}` });
  const server = await startViewServer({
    pageFolder,
    shared: await Promise.all(positionals.map(sharedPath)),
    store: context.home.store,
    ...(typeof port === "number" ? { port } : {}),
    ...(typeof host === "string" ? { host, token: randomBytes(16).toString("hex") } : {}),
  });
  const { log } = context.hooks(values["quiet"] === true);
  const signal = context.untilEnded();
  context.print(`${server.url}\n`);
  log("open this address in a browser; Ctrl-C ends");
  if (!signal.aborted) await once(signal, "abort");
  await server.close();
  return 0;
}

async function exported({ values, positionals }: ParsedFlags, context: CommandContext): Promise<number> {
  const { exportPage } = await import("../server/exportPage.ts");
  const others = [...positionals, ...["port", "host"].filter((name) => values[name] !== undefined)];
  if (others.length > 0)
    throw new PtychonautError("usage", "a page that is written has no server that shows files", {
      got: others.join(", "),
      fix: `leave them out; scans that the page is to offer: ${setting("samples", "FOLDER")}`,
    });
  const { export: to, samples } = values;
  const done = await exportPage(
    { pageFolder, to: String(to), ...(typeof samples === "string" ? { samples } : {}) },
    context.home,
  );
  const { log } = context.hooks(values["quiet"] === true);
  log(`${to}: the page in ${done.files} files${done.samples === 0 ? "" : `, with ${counted(done.samples, "sample")}`}`);
  return 0;
}
