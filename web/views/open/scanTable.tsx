import type { JSX } from "preact";
import type { ScanFacts } from "../../worker/protocol.ts";

/** What a scan is, and what reading did to it. */
export function ScanTable({ facts }: { readonly facts: ScanFacts }): JSX.Element {
  const { provenance, geometry } = facts;
  const rows: readonly (readonly [string, string | undefined])[] = [
    ["format", provenance.format && `${provenance.format.name}: ${provenance.format.evidence}`],
    ["patterns", `${facts.frames} of ${facts.height} × ${facts.width} pixels, ${facts.measurement}`],
    ["photons a pattern", facts.photonsPerPattern?.toPrecision(4)],
    ["probe", facts.probeModes === 1 ? "one mode" : `${facts.probeModes} modes`],
    ["mask", facts.hasMask ? "there is one" : undefined],
    [
      "wavelength",
      geometry?.wavelengthM === undefined ? undefined : `${(1e9 * geometry.wavelengthM).toPrecision(5)} nm`,
    ],
    [
      "distance",
      geometry?.detectorDistanceM === undefined ? undefined : `${geometry.detectorDistanceM.toPrecision(5)} m`,
    ],
    [
      "object pixel",
      geometry?.objectPixelM === undefined ? undefined : `${(1e9 * geometry.objectPixelM).toPrecision(5)} nm`,
    ],
    [
      "read as",
      Object.entries(provenance.conventions ?? {})
        .map(([name, said]) => `${name} ${said}`)
        .join(", "),
    ],
    ["changed on reading", provenance.conversions.join("; ")],
    ["SHA-256", provenance.sha256],
  ];
  return (
    <>
      {provenance.warnings.map((line) => (
        <div class="note" key={line}>
          <p>{line}</p>
        </div>
      ))}
      <table>
        <tbody>
          {rows.map(([name, value]) =>
            value === undefined || value === "" ? null : (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>{value}</td>
              </tr>
            ),
          )}
        </tbody>
      </table>
    </>
  );
}
