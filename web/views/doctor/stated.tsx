import type { JSX } from "preact";
import { type ScanOptions, settingOf } from "../../../src/scans/scanOptions.ts";
import { unstateScan } from "../../state/session.ts";

/** What was said of the file beside what it says itself; each can be taken back. */
export function Stated({ stated }: { readonly stated: ScanOptions }): JSX.Element {
  const said = (Object.keys(stated) as (keyof ScanOptions)[]).filter((name) => name !== "someLeftOut");
  if (said.length === 0) return <p class="soft">Nothing yet: it is read as it says itself.</p>;
  return (
    <table>
      <tbody>
        {said.map((name) => (
          <tr key={name}>
            <th scope="row">
              <code>{settingOf(name)}</code>
            </th>
            <td>{wordsOf(stated[name])}</td>
            <td>
              <button type="button" aria-label={`Take back ${settingOf(name)}`} onClick={() => void unstateScan(name)}>
                Take back
              </button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const wordsOf = (value: ScanOptions[keyof ScanOptions]): string =>
  typeof value === "object"
    ? Object.entries(value)
        .map(([name, part]) => `${settingOf(name as keyof ScanOptions)} ${part}`)
        .join(", ")
    : String(value);
