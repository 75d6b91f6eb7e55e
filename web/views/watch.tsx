import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { readReconstruction } from "../../src/reconstructions/reconstructionNpz.ts";
import type { MetricRow } from "../../src/runs/loggers/metricsLogger.ts";
import { outputs, subfolders } from "../../src/runs/outputs.ts";
import type { SharedEntry } from "../../src/runs/sharedEntry.ts";
import { ArrayPanel } from "../canvas/arrayPanel.tsx";
import { shownReconstruction } from "../canvas/reconstruction.ts";
import { Slider } from "../parts/field.tsx";
import { Trouble } from "../parts/trouble.tsx";
import { openAddresses } from "../state/addressed.ts";
import { addressOf, go, numberSaid, route, say } from "../state/route.ts";
import { hearsNews, sharedAddress, sharedEntries, sharedFile } from "../state/served.ts";
import { asError } from "../state/session.ts";
import { runCurve } from "./run/runCurve.tsx";
import { runStates } from "./run/runStates.ts";
import { SharedLog } from "./watch/sharedLog.tsx";

/** Runs and files that the program which serves the page was told to show, as they are on the disk at this moment. */
export function Watch(): JSX.Element {
  const all = [...sharedEntries.value.values()].sort((a, b) => a.id - b.id);
  const chosen = sharedEntries.value.get(Number(route.value.params["shared"] ?? all[0]?.id)) ?? all[0];
  return (
    <>
      <h1>On disk</h1>
      {hearsNews.value ? null : (
        <p class="note" role="status">
          The program that serves this page does not answer. What is shown is what it said last.
        </p>
      )}
      {all.length === 0 ? (
        <p>Nothing is shared. Name runs and files: ptychonaut view RUN FILE</p>
      ) : (
        <ul class="row plain" aria-label="What is shared">
          {all.map((entry) => (
            <li key={entry.id}>
              <a
                class="button"
                href={addressOf("watch", { shared: String(entry.id), epoch: undefined })}
                aria-current={entry === chosen ? "true" : undefined}
              >
                {entry.name}
                {entry.run === undefined ? "" : `: ${runStates[entry.run.state]}`}
              </a>
            </li>
          ))}
        </ul>
      )}
      {chosen === undefined ? null : <Entry key={`${chosen.id} ${chosen.name}`} entry={chosen} />}
    </>
  );
}

function Entry({ entry }: { readonly entry: SharedEntry }): JSX.Element {
  const names = useMemo(() => new Set(entry.files.map(({ name }) => name)), [entry]);
  return (
    <>
      {entry.run?.damage === undefined ? null : (
        <p class="note" role="status">
          What the run left of itself is damaged: {entry.run.damage}.
        </p>
      )}
      {entry.run === undefined || entry.run.rows.length === 0 ? null : (
        <div class="panel">
          <p data-testid="watched-state" aria-live="polite">
            {runStates[entry.run.state]}, epoch {entry.run.rows.at(-1)?.epoch}
          </p>
          <div class="drawn">{runCurve(entry.run.rows)}</div>
          <LastEpoch row={entry.run.rows[entry.run.rows.length - 1]} />
        </div>
      )}
      {names.has(outputs.reconstruction) ? <Result entry={entry} /> : null}
      <Epochs entry={entry} />
      {entry.files.map(({ name }) =>
        name.split("/").at(-1) === outputs.words ? <SharedLog key={name} entry={entry} name={name} /> : null,
      )}
      {[outputs.settings, outputs.metrics, outputs.run].map((name) =>
        names.has(name) ? <Text key={name} entry={entry} name={name} /> : null,
      )}
      <Files entry={entry} />
    </>
  );
}

/** All numbers that were logged of the last epoch. */
function LastEpoch({ row }: { readonly row: MetricRow }): JSX.Element {
  const known = Object.entries(row).filter(
    (entry): entry is [string, number] => typeof entry[1] === "number" && entry[0] !== "step",
  );
  return (
    <table aria-label="Last epoch">
      <tbody>
        {known.map(([name, value]) => (
          <tr key={name}>
            <th scope="row">{name.replaceAll("_", " ")}</th>
            <td class="number">{Number(value.toPrecision(5))}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const stampOf = (entry: SharedEntry, name: string): string | undefined =>
  entry.files.find((file) => file.name === name)?.stamp;

/** What becomes of a shared file, anew whenever it changes. */
function useShared<T>(
  entry: SharedEntry,
  name: string | undefined,
  make: (blob: Blob) => Promise<T>,
): { readonly made?: T; readonly error?: unknown } {
  const [state, setState] = useState<{ made?: T; error?: unknown }>({});
  const stamp = name === undefined ? undefined : stampOf(entry, name);
  useEffect(() => {
    if (name === undefined || stamp === undefined) return;
    let wanted = true;
    sharedFile(entry, name)
      .then(make)
      .then(
        (made) => wanted && setState({ made }),
        (error) => wanted && setState({ error }),
      );
    return () => {
      wanted = false;
    };
  }, [name, stamp]);
  return state;
}

interface FileProps {
  readonly entry: SharedEntry;
  readonly name: string;
}

/** The object of a run that has ended. */
function Result({ entry }: { readonly entry: SharedEntry }): JSX.Element {
  const { made, error } = useShared(entry, outputs.reconstruction, async (blob) =>
    shownReconstruction(readReconstruction(new Uint8Array(await blob.arrayBuffer()), outputs.reconstruction)),
  );
  return (
    <div class="panel">
      <h2>Object</h2>
      {error === undefined ? null : <Trouble error={asError(error)} />}
      <ArrayPanel address="result" array={made?.object} markers={made?.markers} />
    </div>
  );
}

/** Pictures that a run drew between epochs, the last one where none is chosen. */
function Epochs({ entry }: { readonly entry: SharedEntry }): JSX.Element | null {
  const folder = `${subfolders.pictures}/`;
  const pictures = entry.files.map(({ name }) => name).filter((name) => name.startsWith(folder) && /\.png$/.test(name));
  const index = numberSaid(route.value.params["epoch"], pictures.length, pictures.length - 1);
  if (pictures.length === 0) return null;
  const name = pictures[index].slice(folder.length, -".png".length).replaceAll("_", " ");
  return (
    <div class="panel fields">
      <h2>Pictures of epochs</h2>
      <Slider
        label={name}
        value={index}
        count={pictures.length}
        onChoose={(epoch) => say({ epoch: epoch === pictures.length - 1 ? undefined : String(epoch) })}
      />
      <Picture entry={entry} name={pictures[index]} />
    </div>
  );
}

function Picture({ entry, name }: FileProps): JSX.Element {
  const { made, error } = useShared(entry, name, async (blob) => URL.createObjectURL(blob));
  useEffect(() => () => void (made === undefined ? undefined : URL.revokeObjectURL(made)), [made]);
  if (error !== undefined) return <Trouble error={asError(error)} />;
  return <img class="drawn" src={made ?? ""} alt={name} hidden={made === undefined} />;
}

/** A file of words, whatever they are: shown as text. */
function Text({ entry, name }: FileProps): JSX.Element {
  const { made, error } = useShared(entry, name, (blob) => blob.text());
  return (
    <details class="panel">
      <summary>{name}</summary>
      {error === undefined ? null : <Trouble error={asError(error)} />}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard */}
      <pre class="log" tabIndex={0}>
        {made}
      </pre>
    </details>
  );
}

const sizeText = (bytes: number): string =>
  bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;

function Files({ entry }: { readonly entry: SharedEntry }): JSX.Element {
  const open = (name: string): void => {
    go("open", { shared: undefined, epoch: undefined });
    void openAddresses([sharedAddress(entry, name)]);
  };
  return (
    <div class="panel fields">
      <h2>Files</h2>
      {entry.files.length === 0 ? <p class="note">None are there.</p> : null}
      <table>
        <tbody>
          {entry.files.map(({ name, bytes }) => (
            <tr key={name}>
              <td>{name}</td>
              <td class="number">{sizeText(bytes)}</td>
              <td>
                {entry.kind === "file" ? (
                  <button type="button" onClick={() => open(name)}>
                    Open<span class="hidden"> {name}</span>
                  </button>
                ) : null}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
