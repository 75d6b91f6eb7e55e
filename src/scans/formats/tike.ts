import { sizeOf } from "../../arrays.ts";
import { PtychonautError, setting } from "../../errors.ts";
import type { ArrayFile } from "../../formats/arrayFile.ts";
import type { NumericArray, NumericData } from "../../formats/npy.ts";
import { withEntries } from "../../formats/partOfArray.ts";
import { hasRank, namesArrays, orderedPairs } from "../arrayParts.ts";
import { requireKey } from "../namedArrays.ts";
import type { ArrayPart, PositionsPart, ScanParts } from "../parts.ts";
import type { Recognition, ScanFormat } from "../scanFormat.ts";
import type { ScanOptions } from "../scanOptions.ts";
import { firstKey } from "./quantities.ts";

/**
 * tike's arrays: `data` `([view,] frame, y, x)` counts with the zero frequency at the corner; `scan` `([view,] frame, 2)` the
 * (y, x) of each patch's minimum corner in object pixels; `probe` `([view,] 1, 1, mode, y, x)`, which may be smaller than the
 * patterns: tike fills the exit wave up with zeros; `psi` `([view or slice,] y, x)`.
 * Several views are several scans, numbered from 0.
 */
export const tikeFormat: ScanFormat = {
  name: "tike",
  title: "tike's data, scan and probe",
  recognise,
  parts,
};

function recognise(file: ArrayFile, options: ScanOptions): Recognition {
  const fits = hasRank(file, "data", 3, 4) && hasRank(file, "scan", 2, 3) && file.header("scan").shape.at(-1) === 2;
  const probed = hasRank(file, "probe", 5, 6) || hasRank(file, "psi", 2, 3);
  if (!fits || !probed || namesArrays(options)) return { confidence: 0, evidence: "" };
  return { confidence: 0.85, evidence: `${file.container} with data, scan and probe or psi of tike's axes` };
}

function parts(whole: ArrayFile, options: ScanOptions, where: string): ScanParts {
  const warnings: string[] = [];
  const patternsKey = requireKey(whole, options.patternsKey ?? "data", "patterns", "patternsKey", where);
  const [positionsKey, probeKey, objectKey] = [
    firstKey(whole, [options.positionsKey ?? "scan"]),
    firstKey(whole, [options.probeKey ?? "probe"]),
    firstKey(whole, [options.objectKey ?? "psi"]),
  ];
  const views = whole.header(patternsKey).shape.length === 4 ? whole.header(patternsKey).shape[0] : 1;
  const { scanIndex } = options;
  const view = views > 1 && scanIndex !== undefined && scanIndex < views ? scanIndex : undefined;
  const perView = [patternsKey, positionsKey, probeKey, objectKey].filter(
    (key) => key !== undefined && whole.header(key).shape[0] === views,
  );
  const file = view === undefined ? whole : withEntries(whole, (key) => (perView.includes(key) ? view : undefined));
  const side = file.header(patternsKey).shape.slice(-2) as [number, number];
  const probe = probeKey === undefined ? undefined : probePart(file, probeKey, side, where);
  const own = probeKey === undefined ? side : (file.header(probeKey).shape.slice(-2) as [number, number]);
  if (file.has("eigen_probe"))
    warnings.push("the probe varies from frame to frame (eigen_probe); its mean, in probe, is taken for all frames");
  return {
    ...(options.patterns === undefined ? { patterns: { file, key: patternsKey } } : {}),
    ...(positionsKey === undefined
      ? {}
      : { positions: centresOf(orderedPairs(file, positionsKey, "yx", options, where), own, options) }),
    ...(probe === undefined ? {} : { probe }),
    ...(objectKey === undefined ? {} : objectPart(file, objectKey, warnings)),
    geometry: {},
    ...(views === 1 ? {} : { frames: (count) => ({ scanIndex: viewOfFrames(count, views, view) }) }),
    says: { dcAt: "corner", measurement: "counts", positionUnit: "px", frameAxis: "first" },
    conversions: own.join() === side.join() ? [] : [filledText(own, side)],
    warnings,
  };
}

const viewOfFrames = (count: number, views: number, view: number | undefined): Int32Array =>
  Int32Array.from({ length: count }, (_, frame) => view ?? Math.floor((frame * views) / count));

/** Centres of patches from their minimum corners; a window that is filled up has its patch's centre at its own. */
function centresOf(part: PositionsPart, side: readonly [number, number], options: ScanOptions): PositionsPart {
  if (options.positionReference !== undefined) return part;
  const half = side.map((extent) => Math.floor(extent / 2));
  return {
    ...part,
    read: () => part.read().map((value, i) => value + half[i % 2]),
    conversions: [
      ...(part.conversions ?? []),
      `positions moved from the patches' minimum corners to their centres: + (${half.join(", ")})`,
    ],
  };
}

/** The modes that all frames share, in a window of the patterns' size. */
function probePart(file: ArrayFile, key: string, side: readonly [number, number], where: string): ArrayPart {
  const { shape } = file.header(key);
  const modes = shape.slice(-3, -2)[0] ?? 1;
  return {
    key,
    shape: [modes, ...side],
    read() {
      const array = file.readNumbers(key);
      const several = sizeOf(shape.slice(0, -3));
      const { data, dtype } = array;
      const size = data.length / several;
      if (data.some((value, i) => value !== data[i % size])) throw probesDiffer(shape, `${where}: ${key}`);
      return filledUp({ shape: [modes, ...shape.slice(-2)], dtype, data: data.subarray(0, size) }, side);
    },
  };
}

function probesDiffer(shape: readonly number[], where: string): PtychonautError {
  const views = shape.length === 6 && shape[0] > 1;
  return new PtychonautError("data", views ? "each view has a probe of its own" : "frames have probes of their own", {
    where,
    expected: "one probe, ([view,] 1, 1, mode, y, x)",
    got: `(${shape.join(", ")})`,
    fix: views
      ? `take one of the views: ${setting("scan_index", 0)}`
      : `save the probe that frames share, and name it: ${setting("probe_file", "FILE::ARRAY")}`,
  });
}

/** Zeros around an image, whose pixel floor(n/2) stays there. */
function filledUp({ shape, dtype, data }: NumericArray, [rows, columns]: readonly [number, number]): NumericArray {
  const [modes, height, width] = shape as [number, number, number];
  if (height > rows || width > columns) return { shape, dtype, data };
  const parts = dtype.startsWith("complex") ? 2 : 1;
  const out = new (data.constructor as new (length: number) => NumericData)(parts * modes * rows * columns);
  const [top, left] = [before(rows, height), before(columns, width)];
  for (let line = 0; line < modes * height; line++) {
    const row = Math.floor(line / height) * rows + top + (line % height);
    out.set(data.subarray(parts * line * width, parts * (line + 1) * width), parts * (row * columns + left));
  }
  return { shape: [modes, rows, columns], dtype, data: out };
}

const before = (extent: number, own: number): number => Math.floor(extent / 2) - Math.floor(own / 2);

const filledText = (own: readonly number[], side: readonly number[]): string =>
  `the probe of ${own.join(" × ")} filled up with zeros to the patterns' ${side.join(" × ")}, as tike does with exit waves`;

/** The only object there; those of several views and slices are left out. */
function objectPart(file: ArrayFile, key: string, warnings: string[]): Pick<ScanParts, "object"> {
  const { shape } = file.header(key);
  const images = sizeOf(shape.slice(0, -2));
  const image = shape.slice(-2);
  if (images === 1) return { object: { key, shape: image, read: () => ({ ...file.readNumbers(key), shape: image }) } };
  warnings.push(
    `${key} holds ${images} images, none of which is the object of all frames: it is left out; of a view it is read with ` +
      setting("scan_index", 0),
  );
  return {};
}
