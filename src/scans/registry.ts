import type { Dataset } from "../data/dataset.ts";
import { scanOfNumber } from "../data/scanNumbers.ts";
import { PtychonautError, unknownName } from "../errors.ts";
import type { ArrayFile } from "../formats/arrayFile.ts";
import { namesText } from "../formats/foldedNames.ts";
import { asStated } from "./asStated.ts";
import { completeScan, shapeOfParts } from "./completeScan.ts";
import { withElsewhere } from "./elsewhere.ts";
import { cdtoolsFormat } from "./formats/cdtools.ts";
import { cxiFormat } from "./formats/cxi.ts";
import { dataExchangeFormat } from "./formats/dataExchange.ts";
import { detectorFramesFormat } from "./formats/detectorFrames.ts";
import { eigerFormat } from "./formats/eiger.ts";
import { emdFormat } from "./formats/emd.ts";
import { foldSliceFormat } from "./formats/foldSlice.ts";
import { foldSliceResultFormat } from "./formats/foldSliceResult.ts";
import { hxnFormat, hxnRawFormat } from "./formats/hxn.ts";
import { lclsFormat } from "./formats/lcls.ts";
import { namedFormat } from "./formats/named.ts";
import { nxPtychoFormat } from "./formats/nxPtycho.ts";
import { productFormat } from "./formats/product.ts";
import { ptydFormat } from "./formats/ptyd.ts";
import { ptylabFormat } from "./formats/ptylab.ts";
import { ptyrFormat } from "./formats/ptyr.ts";
import { ptyradFormat } from "./formats/ptyrad.ts";
import { stemArraysFormat } from "./formats/stemArrays.ts";
import { tikeFormat } from "./formats/tike.ts";
import { brokenLinkWarnings } from "./namedArrays.ts";
import type { ScanParts } from "./parts.ts";
import { detectorPlan } from "./prepare/detectorPlan.ts";
import { withOptics } from "./prepare/probeRules.ts";
import { withRaster } from "./prepare/raster.ts";
import type { Recognition, ScanFormat, ScanShape, ScanSource } from "./scanFormat.ts";
import { optionAdvice, type ScanOptions } from "./scanOptions.ts";
import { withStatedArrays } from "./statedArrays.ts";
import { withStatedGeometry } from "./statedGeometry.ts";

/** Every format that this version reads. */
export const scanFormats: readonly ScanFormat[] = [
  namedFormat,
  cxiFormat,
  nxPtychoFormat,
  tikeFormat,
  ptylabFormat,
  foldSliceFormat,
  foldSliceResultFormat,
  emdFormat,
  ptyradFormat,
  stemArraysFormat,
  productFormat,
  ptydFormat,
  ptyrFormat,
  eigerFormat,
  hxnFormat,
  hxnRawFormat,
  dataExchangeFormat,
  lclsFormat,
  cdtoolsFormat,
  detectorFramesFormat,
];

/** A format, and why it was taken. */
export interface ChosenFormat extends Recognition {
  readonly format: ScanFormat;
}

/**
 * The format that `options.format` names, else the one that recognises the file best.
 * @throws PtychonautError "usage" for an unknown name; "data" when no format knows the file, or two know it equally well
 */
export function chooseFormat(
  file: ArrayFile,
  options: ScanOptions,
  where: string,
  formats: readonly ScanFormat[] = scanFormats,
): ChosenFormat {
  if (options.format !== undefined) return formatNamed(file, options, options.format, formats);
  const known = formats
    .map((format) => ({ format, ...format.recognise(file, options) }))
    .filter(({ confidence }) => confidence > 0)
    .sort((a, b) => b.confidence - a.confidence);
  const best = known[0];
  const equal = known.filter(({ confidence }) => confidence === best?.confidence);
  if (equal.length === 1) return best;
  throw new PtychonautError(
    "data",
    best === undefined ? "no scan format knows this file" : "several scan formats fit",
    {
      where,
      expected: `one of ${(best === undefined ? formats : equal.map(({ format }) => format)).map(titled).join(", ")}`,
      got: best === undefined ? `the arrays ${namesText(file.keys)}` : equal.map(({ evidence }) => evidence).join("; "),
      fix: `name the format: ${optionAdvice("format")}`,
    },
  );
}

function formatNamed(
  file: ArrayFile,
  options: ScanOptions,
  name: string,
  formats: readonly ScanFormat[],
): ChosenFormat {
  const format = formats.find((each) => each.name === name);
  if (format === undefined)
    throw unknownName(
      "scan format",
      name,
      formats.map((each) => each.name),
    );
  return { format, ...format.recognise(file, options), evidence: "as stated" };
}

/** The parts of a scan that a file has and other files add, and the format that knows it. */
export interface FoundParts extends ChosenFormat {
  readonly parts: ScanParts;
}

/** @throws PtychonautError "data" or "usage", see `chooseFormat` and `ScanFormat.parts` */
export function scanParts(
  file: ArrayFile,
  options: ScanOptions,
  where: string,
  elsewhere: ScanSource["elsewhere"] = {},
): FoundParts {
  const chosen = chooseFormat(file, options, where);
  const own = withStatedArrays(chosen.format.parts(file, options, where), file, options, where);
  const found = withElsewhere(own, elsewhere, options);
  const whole = withOptics(withRaster(found, options, where), options, where);
  const parts = chosen.format === namedFormat ? whole : withStatedGeometry(whole, options);
  return { ...chosen, parts };
}

/**
 * A scan, by whatever format its file is in.
 * @param source what is known of the file, for provenance, and where patterns may go that stay on the disk
 * @throws PtychonautError "data" or "usage", see `chooseFormat` and `completeScan`
 */
export function readScanArrays(file: ArrayFile, options: ScanOptions = {}, source: ScanSource = {}): Dataset {
  const where = source.path ?? "scan";
  const { format, evidence, parts } = scanParts(file, options, where, source.elsewhere);
  const effective = { ...parts.says, ...options };
  const whole = asStated(completeScan(parts, options, source), effective, source.unread);
  const dataset = options.scanIndex === undefined ? whole : scanOfNumber(whole, options.scanIndex, where);
  return {
    ...dataset,
    provenance: {
      ...dataset.provenance,
      warnings: [...dataset.provenance.warnings, ...brokenLinkWarnings(file)],
      format: { name: format.name, evidence, ...(parts.says === undefined ? {} : { says: parts.says }) },
    },
  };
}

/** @throws PtychonautError "data" or "usage", see `chooseFormat` and `completeScan` */
export function readScanShape(
  file: ArrayFile,
  options: ScanOptions,
  where: string,
  elsewhere: ScanSource["elsewhere"] = {},
): ScanShape {
  const { parts } = scanParts(file, options, where, elsewhere);
  const shape = preparedShape(shapeOfParts(parts, options, where), options, where);
  const { scanIndex } = options;
  if (scanIndex === undefined) return shape;
  const own = shape.scanIndex?.filter((number) => number === scanIndex);
  return { ...shape, count: own?.length ?? shape.count, scanIndex: own };
}

/** A dose is stated of whole patterns: how much of it is left is seen when they are read. */
function preparedShape(shape: ScanShape, options: ScanOptions, where: string): ScanShape {
  const { operations, cut, sides } = detectorPlan(options, [shape.height, shape.width], where);
  const less =
    options.background !== undefined || options.backgroundFile !== undefined || options.threshold !== undefined;
  if (operations.length === 0 && !less) return shape;
  const photonsPerPattern = less || cut[0] < shape.height || cut[1] < shape.width ? undefined : shape.photonsPerPattern;
  return { ...shape, height: sides[0], width: sides[1], photonsPerPattern };
}

const titled = ({ name, title }: ScanFormat): string => `${name} (${title})`;
