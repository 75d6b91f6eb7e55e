import type { JSX } from "preact";
import type { Comparison } from "../../worker/protocol.ts";

/** The numbers of a comparison that one looks at first, and what was taken out before. */
export function ComparisonTable({ comparison: { metrics } }: { readonly comparison: Comparison }): JSX.Element {
  const { amplitude, phase, gauge, coverage } = metrics;
  const [down, right] = gauge.shift;
  const rows: readonly (readonly [name: string, value: string])[] = [
    ["complex error", metrics.complexError.toPrecision(3)],
    ["amplitude SSIM", amplitude.ssim.toFixed(4)],
    ["phase SSIM", phase.ssim.toFixed(4)],
    ["phase correlation", phase.correlation.toFixed(4)],
    ["mean error of the phase", `${phase.mae.toPrecision(3)} rad`],
    ["mean error of the amplitude", amplitude.mae.toPrecision(3)],
    ["compared", `${coverage.pixels} pixels`],
    ["scale taken out", gauge.scale.toPrecision(4)],
    ["shift taken out", `${down.toFixed(2)} down, ${right.toFixed(2)} right, pixels${gauge.turned ? "; turned" : ""}`],
  ];
  return (
    <table>
      <tbody>
        {rows.map(([name, value]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td class="number">{value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
