import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { RunSteps } from "../../../src/runs/hooks.ts";
import { CopiedText } from "../../parts/copiedText.tsx";
import { save } from "../../parts/saveFile.ts";
import { Trouble } from "../../parts/trouble.tsx";
import { useAnswer } from "../../parts/useAnswer.ts";
import { asError, looker } from "../../state/session.ts";
import type { ExportFormat } from "../../worker/protocol.ts";
import type { RunRequest } from "../../worker/runEntries.ts";

const formats: readonly (readonly [to: ExportFormat, title: string])[] = [
  ["cxi", "CXI"],
  ["hdf5", "HDF5"],
  ["tiff", "TIFF, amplitude and phase"],
  ["png", "PNG, amplitude and phase"],
];

/** A reconstruction in the formats of other programs, as a button each. */
export function ExportButtons({ path }: { readonly path: string }): JSX.Element {
  const [busy, setBusy] = useState<ExportFormat>();
  const [error, setError] = useState<unknown>(undefined);
  const give = async (to: ExportFormat): Promise<void> => {
    setBusy(to);
    setError(undefined);
    try {
      for (const { name, content } of await looker.ask("exportObject", { path, to })) save(name, content);
    } catch (cause) {
      setError(cause);
    } finally {
      setBusy(undefined);
    }
  };
  return (
    <div class="fields">
      <div class="row">
        {formats.map(([to, title]) => (
          <button key={to} type="button" disabled={busy !== undefined} onClick={() => give(to)}>
            <span class="hidden">Save as </span>
            {title}
          </button>
        ))}
      </div>
      {error === undefined ? null : <Trouble error={asError(error)} />}
    </div>
  );
}

interface CommandLineProps {
  readonly request: RunRequest;
  /** Whether its seeds are known. */
  readonly ended: boolean;
  readonly changes: RunSteps["changes"];
}

/** The line for a shell that does what a run of the page did. */
export function CommandLine({ request, ended, changes }: CommandLineProps): JSX.Element {
  const { answer, error } = useAnswer("commandLine", request, `${request.id} ${ended}`);
  if (error !== undefined) return <Trouble error={error} />;
  if (changes.length === 0) return <CopiedText label="Command line that does the same" text={answer ?? ""} />;
  return (
    <>
      <CopiedText label="Command line that began the same" text={answer ?? ""} />
      <p>
        Steps were changed while it ran, which no flag says: {changes.map(inWords).join("; ")}. Its run.json has them:{" "}
        <code>ptychonaut rerun</code> changes them in the same epochs, and so does this page where it is dropped.
      </p>
    </>
  );
}

const inWords = ({ epoch, settings }: RunSteps["changes"][number]): string =>
  `${Object.entries(settings)
    .map(([name, { from, to }]) => `${name} ${to} instead of ${from}`)
    .join(", ")} from epoch ${epoch} on`;
