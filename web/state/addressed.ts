import { effect } from "@preact/signals";
import { takeFrom } from "./dropped.ts";
import { fileAt } from "./fileAt.ts";
import { session } from "./session.ts";

/** What the address of the page says that is opened, by this name, once for each file. */
const OPEN = "open";

/** Where the scan is that was opened so last. */
let openedPath: string | undefined;

/** Opens files of the server that the page is from, together, and says so in the page's address. */
export async function openAddresses(addresses: readonly string[]): Promise<void> {
  const path = await takeFrom(addresses.join(", "), () => Promise.all(addresses.map(fileAt)));
  if (path === undefined) return;
  openedPath = path;
  sayOpen(addresses);
}

function sayOpen(addresses: readonly string[]): void {
  const url = new URL(location.href);
  url.searchParams.delete(OPEN);
  for (const address of addresses) url.searchParams.append(OPEN, address);
  if (url.href !== location.href) history.replaceState(null, "", url);
}

/** Opens what the page's address says. To be called, not only imported: a module whose exports nobody takes is left out of the page. */
export function openAsked(): void {
  const asked = new URLSearchParams(location.search).getAll(OPEN);
  if (asked.length > 0) void openAddresses(asked);
}

// Another scan is open now: who loads the page anew is not to get the one before.
effect(() => {
  const path = session.value?.path;
  if (path !== undefined && openedPath !== undefined && path !== openedPath) sayOpen([]);
});
