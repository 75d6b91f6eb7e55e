import { looker } from "../state/session.ts";

/** Gives a file of the store to the user, as a download. */
export async function saveFile(path: string): Promise<void> {
  save(path.slice(path.lastIndexOf("/") + 1), await looker.ask("file", { path }));
}

/** Gives something to the user as a file of this name. */
export function save(name: string, content: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  // The browser has to begin with it first.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
