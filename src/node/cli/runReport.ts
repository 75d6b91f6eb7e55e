import { lengthLabel } from "../../optics/units.ts";
import { counted, printableLine } from "../../printable.ts";
import type { ModelInspection, ReconstructionInspection, RunInspection } from "../../runs/inspectRun.ts";
import type { MadeBy } from "../../runs/madeBy.ts";
import { arrayRows, foldedNote } from "../../scans/inspect/arrayRows.ts";
import { table } from "../../scans/inspect/table.ts";

/** What a run left as text for a terminal. */
export function runReport({ name, reconstruction, model, madeBy }: RunInspection): string {
  const rows = [
    ...(reconstruction === undefined ? [] : reconstructionRows(reconstruction)),
    ...(model === undefined ? [] : modelRows(model)),
    ...(madeBy === undefined ? [["made by", "not known: no run.json lies beside it"]] : madeByRows(madeBy)),
  ];
  const { arrays = [] } = reconstruction ?? {};
  return `${[
    printableLine(name),
    "",
    ...(reconstruction === undefined ? [] : ["Arrays", ...table(arrayRows(arrays)), ...foldedNote(arrays), ""]),
    reconstruction === undefined ? "Trained model" : "Reconstruction",
    ...table(rows),
  ].join("\n")}\n`;
}

function reconstructionRows(found: ReconstructionInspection): string[][] {
  const { format, shape, states, slices, pixelSizeM, origin, covered, positions } = found;
  const planes = [...(states > 1 ? [`in ${states} states`] : []), ...(slices > 1 ? [`of ${slices} slices`] : [])];
  const [height, width] = shape;
  const field =
    pixelSizeM === undefined ? "" : `, ${lengthLabel(height * pixelSizeM)} × ${lengthLabel(width * pixelSizeM)}`;
  return [
    ["format", format],
    ["object", [`${height} × ${width} pixels${field}`, ...planes].join(", ")],
    ["object pixel", pixelSizeM === undefined ? "not known" : lengthLabel(pixelSizeM, 4)],
    ...(origin === undefined ? [] : [["first pixel", `at y ${origin.y}, x ${origin.x} of the scan's object pixels`]]),
    ...(covered === undefined ? [] : [["covered", `${(100 * covered).toFixed(0)} % of the pixels`]]),
    ...(positions === undefined ? [] : [["positions", `${positions}`]]),
  ];
}

const modelRows = ({ architecture, N, gridsize, parameters }: ModelInspection): string[][] => [
  ["network", `${architecture}, ${counted(parameters, "parameter")}`],
  ["takes", `patterns of ${N} × ${N}, in groups of ${gridsize ** 2} (gridsize ${gridsize})`],
];

function madeByRows({ command, version, startedAt, inputs, engines, epochs }: MadeBy): string[][] {
  const how = [
    ...(engines === undefined ? [] : [`by ${engines.join(", then ")}`]),
    ...(epochs === undefined ? [] : [counted(epochs, "epoch")]),
  ];
  return [
    ["made by", [`ptychonaut ${version} ${command}`, ...how].join(", ")],
    ["from", inputs.map(printableLine).join(", ")],
    ["begun", startedAt],
  ];
}
