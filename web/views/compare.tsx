import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { outputs, subfolders } from "../../src/runs/outputs.ts";
import { baseName } from "../../src/runs/paths.ts";
import { Field } from "../parts/field.tsx";
import { Trouble } from "../parts/trouble.tsx";
import { useAnswer } from "../parts/useAnswer.ts";
import { droppedObjects } from "../state/dropped.ts";
import { addressOf, route, say } from "../state/route.ts";
import { refreshRuns, storedRuns } from "../state/runs.ts";
import { session } from "../state/session.ts";
import { runFolder } from "../worker/runEntries.ts";
import { OneObject } from "./compare/oneObject.tsx";
import { TwoObjects } from "./compare/twoObjects.tsx";

/** Two reconstructions, one laid on the other: beside one another, under a divider, and what differs. */
export function Compare(): JSX.Element {
  useEffect(() => void refreshRuns().catch(() => undefined), []);
  const sources = sourcesNow();
  const { a, b } = route.value.params;
  const known = (path: string | undefined): string | undefined =>
    sources.some((source) => source.path === path) ? path : undefined;
  const first = known(a) ?? sources[0]?.path;
  const second = known(b);
  return (
    <>
      <h1>Compare</h1>
      {first === undefined ? (
        <p>
          There is no reconstruction yet. <a href={addressOf("reconstruct")}>Make one</a>, or{" "}
          <a href={addressOf("open")}>drop</a> one that was made before: reconstruction.npz, CXI, HDF5 or TIFF.
        </p>
      ) : (
        <>
          <div class="panel columns">
            <Chosen label="Reference" value={first} sources={sources} onChoose={(path) => say({ a: path })} />
            <Chosen
              label="Compared with it"
              value={second ?? ""}
              sources={[{ path: "", title: "nothing" }, ...sources.filter(({ path }) => path !== first)]}
              onChoose={(path) => say({ b: path === "" ? undefined : path })}
            />
          </div>
          {second === undefined || second === first ? (
            <OneObject path={first} />
          ) : (
            <Two first={first} second={second} />
          )}
        </>
      )}
    </>
  );
}

function Two({ first, second }: { readonly first: string; readonly second: string }): JSX.Element {
  const about = JSON.stringify([first, second]);
  const { answer, error } = useAnswer("compare", { reference: first, compared: second }, about, about);
  if (error !== undefined) return <Trouble error={error} />;
  return <TwoObjects comparison={answer} />;
}

interface Source {
  readonly path: string;
  readonly title: string;
}

/** Where objects come from: runs of the browser, dropped files, and the open scan, which may have one. */
function sourcesNow(): readonly Source[] {
  const runs = storedRuns.value
    .filter(({ files }) => files.includes(outputs.reconstruction))
    .flatMap(({ id, files }) => {
      const folder = runFolder(id);
      const own = { path: `${folder}/${outputs.reconstruction}`, title: id };
      const { refined } = subfolders;
      if (!files.includes(refined)) return [own];
      return [own, { path: `${folder}/${refined}/${outputs.reconstruction}`, title: `${id}, refined` }];
    });
  const dropped = droppedObjects.value.map((path, i, all) => ({ path, title: titleOf(path, all.slice(i + 1)) }));
  const open = session.value;
  const scan = open?.facts?.hasObject === true ? [{ path: open.path, title: `the object in ${open.facts.name}` }] : [];
  return [...dropped, ...runs, ...scan];
}

/** A file's name, with its number where others of that name were dropped before, as every run leaves one. */
function titleOf(path: string, before: readonly string[]): string {
  const name = baseName(path);
  const number = before.filter((other) => baseName(other) === name).length + 1;
  return number === 1 ? name : `${name} (${number})`;
}

interface ChosenProps {
  readonly label: string;
  readonly value: string;
  readonly sources: readonly Source[];
  readonly onChoose: (path: string) => void;
}

function Chosen({ label, value, sources, onChoose }: ChosenProps): JSX.Element {
  return (
    <Field label={label}>
      {(id) => (
        <select id={id} value={value} onChange={(event) => onChoose(event.currentTarget.value)}>
          {sources.map(({ path, title }) => (
            <option key={path} value={path}>
              {title}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
