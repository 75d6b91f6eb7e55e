import { type ReadonlySignal, signal } from "@preact/signals";

/**
 * What the address says, so that it can be shared: the view before the question mark, and how it looks (frame, colour map,
 * limits) after it. It stands behind the hash, which no server sees.
 */
export interface Route {
  readonly view: string;
  readonly params: Readonly<Record<string, string>>;
}

const current = signal<Route>(routeOf(location.hash));

/** Where the page is. */
export const route: ReadonlySignal<Route> = current;

addEventListener("hashchange", () => {
  current.value = routeOf(location.hash);
});

/** The address of a view; what is said of how it looks is kept unless it is taken back with undefined. */
export function addressOf(view: string, params: Readonly<Record<string, string | undefined>> = {}): string {
  const said = Object.entries({ ...current.value.params, ...params }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const query = new URLSearchParams(said).toString();
  return `#${view}${query === "" ? "" : `?${query}`}`;
}

/** Goes to a view, which the browser's back button undoes. */
export function go(view: string, params: Readonly<Record<string, string | undefined>> = {}): void {
  location.hash = addressOf(view, params);
  // The browser says so later; until then the page would show the run before under the address of the next.
  current.value = routeOf(location.hash);
}

/** Says in the address how the view looks, without a step for the back button. */
export function say(params: Readonly<Record<string, string | undefined>>): void {
  history.replaceState(null, "", addressOf(current.value.view, params));
  current.value = routeOf(location.hash);
}

/** The one of so many that words of an address name by its number from 0: the nearest there is, `otherwise` where they name none. */
export function numberSaid(words: string | undefined, count: number, otherwise = 0): number {
  const said = words === undefined || words === "" ? Number.NaN : Math.round(Number(words));
  return Math.max(0, Math.min(Number.isNaN(said) ? otherwise : said, count - 1));
}

export function routeOf(hash: string): Route {
  const [view, query = ""] = hash.replace(/^#/, "").split("?", 2);
  return { view, params: Object.fromEntries(new URLSearchParams(query)) };
}
