import { PtychonautError, setting } from "../errors.ts";
import { lengthLabel } from "../optics/units.ts";
import { counted } from "../printable.ts";
import type { DataFacts } from "./fingerprint.ts";
import type { Manifest } from "./manifest.ts";

/**
 * Whether a trained model may be used on these data. A network sees patterns of one size in groups of one size, all of them near
 * or all far fields; another scan with another probe is legitimate but worth a word.
 * @returns warnings for people
 * @throws PtychonautError "bundle" with the reason
 */
export function checkBundleFitsData(manifest: Manifest, facts: DataFacts): string[] {
  const { trainedOn: trained, scans = [{ facts: trained }] } = manifest;
  if (facts.N !== trained.N)
    throw mismatch(
      "patterns of another size",
      `${trained.N} x ${trained.N} pixels`,
      `${facts.N} x ${facts.N}`,
      facts.name,
      "crop or bin the patterns to the trained size, or train on these data",
    );
  if (facts.gridsize !== trained.gridsize)
    throw mismatch(
      "groups of another size",
      `gridsize ${trained.gridsize}`,
      `gridsize ${facts.gridsize}`,
      facts.name,
      `leave gridsize open or set it to ${trained.gridsize}`,
    );
  if (facts.measurement !== trained.measurement)
    throw mismatch(
      `${trained.measurement}, not ${facts.measurement}`,
      trained.measurement,
      facts.measurement,
      facts.name,
      "state what the file holds, convert it, or train on these data",
    );
  const [had, has] = [travelOf(trained), travelOf(facts)];
  if (had !== has)
    throw mismatch(
      `${had}s, not ${has}s`,
      had,
      has,
      facts.name,
      `if the scan is of another geometry, correct ${setting("propagation")}, or train on these data`,
    );
  const warnings: string[] = [];
  const names = scans.map((scan) => scan.facts.name).join(", ");
  const modes = [...new Set(scans.map((scan) => scan.facts.probeModes))];
  const known = scans.some((scan) => scan.facts.probeCrc === facts.probeCrc);
  if (!modes.includes(facts.probeModes))
    warnings.push(
      `the model was trained with ${modes.map((count) => counted(count, "probe mode")).join(" and ")}, ${facts.name} has ${facts.probeModes}`,
    );
  else if (!known)
    warnings.push(
      `${facts.name} has another probe than the training data (${names}): the network has learned ${scans.length === 1 ? "that probe" : "those probes"}`,
    );
  warnings.push(...otherPixel(scans, facts));
  const own = scans.find((scan) => isSame(scan.facts, facts));
  if (!scans.some((scan) => isSameMeasurement(scan.facts, facts))) warnings.push(anotherScan(manifest, facts, names));
  else if (
    own !== undefined &&
    own.facts.patternsCrc === undefined &&
    (scans.length > 1 || manifest.probe !== undefined)
  )
    warnings.push(
      `the bundle is of a version that did not remember patterns: ${facts.name} is taken for ${own.facts.name}, since raster and probe are equal; what was learned of another sample on them would be used too`,
    );
  return warnings;
}

function anotherScan(manifest: Manifest, facts: DataFacts, names: string): string {
  const { scans = [] } = manifest;
  const twin = [manifest.trainedOn, ...scans.map((scan) => scan.facts)].find((other) => isAlike(other, facts));
  const alike = twin === undefined ? "" : `: raster and probe are those of ${twin.name}, but not the patterns`;
  const used = scans.length > 1 ? "; scales are the means of what was learned of each" : "";
  return `${facts.name} is another scan than the training data (${names})${alike}${used}`;
}

const travelOf = ({ geometry }: DataFacts): string => (geometry?.propagation ?? "far-field").replace("-", " ");

/** Sizes of one pixel that differ by more than people round. */
const OTHER_PIXEL = 0.01;

/** Where object pixels are of another size than any of the training's: a network knows detail by its size in pixels. */
function otherPixel(scans: readonly { readonly facts: DataFacts }[], { name, geometry }: DataFacts): string[] {
  const own = geometry?.objectPixelM;
  const trained = scans.flatMap(({ facts }) => facts.geometry?.objectPixelM ?? []);
  if (own === undefined || trained.length === 0) return [];
  if (trained.some((pixel) => Math.abs(pixel / own - 1) <= OTHER_PIXEL)) return [];
  const sizes = [...new Set(trained)].map((pixel) => lengthLabel(pixel, 4)).join(" and ");
  return [`object pixels of ${name} are ${lengthLabel(own, 4)}, those of the training data ${sizes}`];
}

/** What training learned about this very scan, or else about all. */
export const scalesFor = ({ scans = [], scales }: Manifest, facts: DataFacts): Manifest["scales"] =>
  scans.find((scan) => isSame(scan.facts, facts))?.scales ?? scales;

/** A scan of the training. */
export interface KnownScan {
  readonly number: number;
  readonly name: string;
  /** Whether it is the very scan in question, not only one with its probe. */
  readonly isOwn: boolean;
}

/**
 * Whose refined probe a scan takes: its own, or else that of the first scan which started from the probe that this one has;
 * undefined when there is none.
 */
export function probeScanFor({ trainedOn, scans }: Manifest, facts: DataFacts): KnownScan | undefined {
  const all = scans?.map((scan) => scan.facts) ?? [trainedOn];
  const same = all.findIndex((own) => isSame(own, facts));
  const number = same >= 0 ? same : all.findIndex((own) => own.probeCrc === facts.probeCrc);
  return number < 0 ? undefined : { number, name: all[number].name, isOwn: number === same };
}

const isAlike = (a: DataFacts, b: DataFacts): boolean => a.positionsCrc === b.positionsCrc && a.probeCrc === b.probeCrc;

/** The same raster and patterns, as far as the bundle remembers them. */
const isSameMeasurement = (a: DataFacts, b: DataFacts): boolean =>
  a.positionsCrc === b.positionsCrc &&
  (a.patternsCrc === undefined || b.patternsCrc === undefined || a.patternsCrc === b.patternsCrc);

/** The very same scan, that is with the same probe too. */
const isSame = (a: DataFacts, b: DataFacts): boolean => a.probeCrc === b.probeCrc && isSameMeasurement(a, b);

function mismatch(what: string, expected: string, got: string, where: string, fix: string): PtychonautError {
  return new PtychonautError("bundle", `the model was trained on ${what}`, { expected, got, where, fix });
}
