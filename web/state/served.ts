import { type ReadonlySignal, signal } from "@preact/signals";
import { PtychonautError } from "../../src/errors.ts";
import { type SharedEntry, type SharedNews, withNews } from "../../src/runs/sharedEntry.ts";

/** Whether `ptychonaut view` serves the page, and shares something of the disk with it. */
export const isServed: boolean = document.querySelector('meta[name="ptychonaut-view"]') !== null;

/** Who serves to others than this computer lets those in who know it. */
const token: string | null = new URLSearchParams(location.search).get("token");

const entries = signal<ReadonlyMap<number, SharedEntry>>(new Map());
const connected = signal(false);

/** What is shared, as it is now. */
export const sharedEntries: ReadonlySignal<ReadonlyMap<number, SharedEntry>> = entries;
/** Whether news come. */
export const hearsNews: ReadonlySignal<boolean> = connected;

const AGAIN_MS = 1000;
/** The server says all that it knows at once when it is connected to; what it has not looked at yet it says later. */
const ALL_SAID_MS = 2000;

/** Listens to the server, and again when it was away. */
function listen(): void {
  const query = token === null ? "" : `?token=${encodeURIComponent(token)}`;
  const socket = new WebSocket(new URL(`shared/news${query}`, location.href.replace(/^http/, "ws")));
  const said = new Set<number>();
  let forgetting: ReturnType<typeof setTimeout> | undefined;
  socket.onopen = () => {
    connected.value = true;
    // It may be another one, which shares less.
    forgetting = setTimeout(() => {
      entries.value = new Map([...entries.value].filter(([id]) => said.has(id)));
    }, ALL_SAID_MS);
  };
  socket.onmessage = ({ data }) => {
    const news = JSON.parse(String(data)) as SharedNews;
    said.add(news.id);
    entries.value = new Map(entries.value).set(news.id, withNews(entries.value.get(news.id), news));
  };
  socket.onclose = () => {
    clearTimeout(forgetting);
    connected.value = false;
    setTimeout(listen, AGAIN_MS);
  };
}
if (isServed) listen();

/** Where a shared file is, from the page. */
export function sharedAddress({ id }: SharedEntry, name: string): string {
  const path = name.split("/").map(encodeURIComponent).join("/");
  return `shared/${id}/${path}${token === null ? "" : `?token=${encodeURIComponent(token)}`}`;
}

/**
 * A file that is shared.
 * @param from the first byte that is wanted
 * @throws PtychonautError "data" when it is not there any more, or the server is gone
 */
export async function sharedFile(entry: SharedEntry, name: string, from = 0): Promise<Blob> {
  try {
    const headers = from === 0 ? {} : { headers: { Range: `bytes=${from}-` } };
    const response = await fetch(sharedAddress(entry, name), headers);
    if (response.status === 206 || (response.ok && from === 0)) return await response.blob();
    if (response.ok) return (await response.blob()).slice(from);
    // Nothing lies behind its end.
    if (response.status === 416) return new Blob();
    throw new PtychonautError("data", "the file cannot be had", { where: name, got: `status ${response.status}` });
  } catch (cause) {
    if (cause instanceof PtychonautError) throw cause;
    throw new PtychonautError("data", "the program that serves this page does not answer", {
      ...{ where: name, fix: "start ptychonaut view again", cause },
    });
  }
}
