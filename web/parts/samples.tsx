import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { openAddresses } from "../state/addressed.ts";
import { findSamples, samples } from "../state/samples.ts";
import { asError, opening } from "../state/session.ts";
import { Trouble } from "./trouble.tsx";

/** Scans that come with the page, if there are any, with what is said of them. */
export function Samples(): JSX.Element | null {
  const [error, setError] = useState<unknown>(undefined);
  useEffect(() => {
    findSamples().catch(setError);
  }, []);
  if (error !== undefined) return <Trouble error={asError(error)} />;
  if (samples.value.length === 0) return null;
  return (
    <section class="panel" aria-label="Samples that come with this page">
      <h2>Samples</h2>
      <ul class="findings">
        {samples.value.map(({ address, title, about, source, licence, bytes }) => (
          <li key={address} class="finding">
            <p class="row">
              <strong>{title}</strong>
              <button
                type="button"
                disabled={opening.value !== undefined}
                onClick={() => void openAddresses([address])}
              >
                Open<span class="hidden"> {title}</span>
              </button>
            </p>
            {about === undefined ? null : <p>{about}</p>}
            <p class="soft small">{`${source}; ${licence}; ${(bytes / 1e6).toFixed(1)} MB`}</p>
          </li>
        ))}
      </ul>
    </section>
  );
}
