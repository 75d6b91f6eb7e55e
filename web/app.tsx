import type { ComponentType, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Trouble } from "./parts/trouble.tsx";
import { addressOf, route } from "./state/route.ts";
import { isServed } from "./state/served.ts";
import { about, asError, openingTrouble, session } from "./state/session.ts";
import { views as allViews } from "./views/registry.ts";
import type { View } from "./views/view.ts";

const views = allViews.filter(({ needsServer }) => needsServer === undefined || isServed);

/** The page: a line on what is open and what computes, the list of views, and the view that the address names. */
export function App(): JSX.Element {
  const view = views.find(({ name }) => name === route.value.view) ?? views[0];
  useEffect(() => {
    document.title = `${view.title} – Ptychonaut`;
  }, [view]);
  return (
    <div class="shell">
      <button type="button" class="skip" onClick={() => document.getElementById("main")?.focus()}>
        Skip to the view
      </button>
      <Head />
      <nav class="rail" aria-label="Views">
        <ul>
          {views.map(({ name, title }) => (
            <li key={name}>
              <a href={addressOf(name)} aria-current={name === view.name ? "page" : undefined}>
                {title}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <main class="main" id="main" tabIndex={-1}>
        <Shown key={view.name} view={view} />
      </main>
    </div>
  );
}

function Head(): JSX.Element {
  const open = session.value;
  const here = about.value;
  return (
    <header class="head">
      <span class="brand">Ptychonaut</span>
      <span class="scan" data-testid="scan-name">
        {open === undefined ? <span class="soft">no scan is open</span> : nameOf(open.path)}
      </span>
      <span class="device">{here === undefined ? "looking for what computes" : (here.oneThread ?? here.engines)}</span>
    </header>
  );
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

function Shown({ view }: { readonly view: View }): JSX.Element {
  const [loaded, setLoaded] = useState<{ readonly Show?: ComponentType; readonly error?: unknown }>({});
  useEffect(() => {
    view.load().then(
      (Show) => setLoaded({ Show }),
      (error) => setLoaded({ error }),
    );
  }, [view]);
  const { Show, error } = loaded;
  if (error !== undefined) return <Trouble error={asError(error)} />;
  if (view.needsScan && session.value?.facts === undefined)
    return (
      <section class="view">
        <h1>{view.title}</h1>
        <p>
          This view shows a scan. <a href={addressOf("open")}>Open one</a> first.
        </p>
        {session.value?.refusal === undefined ? null : <Trouble error={session.value.refusal} />}
        {openingTrouble.value === undefined ? null : <Trouble error={openingTrouble.value} />}
      </section>
    );
  return <section class="view">{Show === undefined ? <h1>{view.title}</h1> : <Show />}</section>;
}
