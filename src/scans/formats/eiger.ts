import type { ArrayFile } from "../../formats/arrayFile.ts";
import { withJoined } from "../../formats/joinedArrays.ts";
import type { GeometryStatement } from "../../optics/geometry.ts";
import type { ArrayPart, PatternsPart, ScanParts } from "../parts.ts";
import type { ScanFormat } from "../scanFormat.ts";
import type { ScanOptions } from "../scanOptions.ts";
import { warnAboutCentre } from "./cxiEntry.ts";
import { detectorAxes } from "./detectorAxes.ts";
import { goodPixels, nexusBits } from "./detectorMask.ts";
import { numberedStacks } from "./numberedStacks.ts";
import { firstKey, firstStack, lengthAt, numberAt, photonEnergyAt, type Reading, readingOf } from "./quantities.ts";

const DETECTOR = "entry/instrument/detector";
const SPECIFIC = `${DETECTOR}/detectorSpecific`;
const BEAM = "entry/instrument/beam";
const JOINED = "entry/data/data_*";

/**
 * Master files of DECTRIS' detectors: counts in `entry/data/data_000001` and so on, by links to files beside it, or as one
 * virtual dataset `entry/data/data`; the detector's distance, pixel, mask and beam centre; the wavelength in ångströms. Where
 * the sample was is not in them.
 */
export const eigerFormat: ScanFormat = {
  name: "eiger",
  title: "DECTRIS master files",
  recognise(file) {
    const first = file.keys.find((key) => /^entry\/data\/data_\d{6}$/.test(key));
    if (first !== undefined) return { confidence: 0.9, evidence: first };
    const specific = file.keys.some((key) => key.startsWith(`${SPECIFIC}/`));
    const stack = firstStack(file, ["entry/data/data"]);
    if (specific)
      return {
        confidence: stack === undefined ? 0.6 : 0.9,
        evidence: `${SPECIFIC}${stack === undefined ? ", no frames" : ""}`,
      };
    return { confidence: 0, evidence: "no entry/data/data_000001" };
  },
  parts,
};

function parts(file: ArrayFile, options: ScanOptions, where: string): ScanParts {
  const reading = readingOf(file, where);
  const patterns = patternsOf(reading);
  const image = patterns?.file.header(patterns.key).shape.slice(-2) as [number, number] | undefined;
  if (image !== undefined) {
    const centre = ["beam_center_y", "beam_center_x"].map((name) => numberAt(reading, `${DETECTOR}/${name}`));
    warnAboutCentre([centre[0], centre[1]], image, reading.warnings);
  }
  const mask = patterns === undefined || image === undefined ? undefined : maskOf(reading, patterns, image, options);
  return {
    ...(patterns === undefined ? {} : { patterns }),
    ...(mask === undefined ? {} : { mask }),
    geometry: geometryOf(reading),
    says: { measurement: "counts", dcAt: "center", frameAxis: "first" },
    conversions: reading.conversions,
    warnings: reading.warnings,
  };
}

function patternsOf({ file, where, conversions }: Reading): PatternsPart | undefined {
  const pieces = numberedStacks(file, 1, (k) => `entry/data/data_${String(k).padStart(6, "0")}`);
  if (pieces.length === 1) return { file, key: pieces[0] };
  if (pieces.length > 1) {
    conversions.push(`patterns of ${pieces.length} data files joined`);
    const arrays = pieces.map((key) => ({ file, key }));
    return { file: withJoined(file, JOINED, arrays, where), key: JOINED };
  }
  const key = firstStack(file, ["entry/data/data"]);
  return key === undefined ? undefined : { file, key };
}

function geometryOf(reading: Reading): GeometryStatement {
  const wavelengthM = lengthAt(reading, [`${BEAM}/incident_wavelength`, `${BEAM}/wavelength`], "angstrom");
  const energies = [`${BEAM}/incident_energy`, `${SPECIFIC}/photon_energy`, `${DETECTOR}/photon_energy`];
  const energyKev = wavelengthM === undefined ? photonEnergyAt(reading, energies, "eV") : undefined;
  const distance = lengthAt(reading, [`${DETECTOR}/detector_distance`, `${DETECTOR}/distance`]);
  const { pixelM } = detectorAxes(reading, [DETECTOR]);
  return {
    ...(wavelengthM === undefined ? {} : { wavelengthM, radiation: "photons" }),
    ...(energyKev === undefined ? {} : { energyKev, radiation: "photons" }),
    ...(distance === undefined ? {} : { detectorDistanceM: distance }),
    ...(pixelM === undefined ? {} : { detectorPixelM: pixelM }),
  };
}

/** What the detector's mask says, and pixels that have the value of an overflow in the first, the middle or the last frame. */
function maskOf(
  reading: Reading,
  { file, key }: PatternsPart,
  image: readonly [number, number],
  options: ScanOptions,
): ArrayPart | undefined {
  const { shape, dtype } = file.header(key);
  const maskKey = firstKey(reading.file, [`${SPECIFIC}/pixel_mask`, `${DETECTOR}/pixel_mask`]);
  const stated = maskKey === undefined ? undefined : goodPixels(reading, maskKey, options, nexusBits);
  const bits = numberAt(reading, `${DETECTOR}/bit_depth_image`) ?? Number(/^uint(\d+)$/.exec(dtype)?.[1] ?? 0);
  const overflow = bits >= 8 && bits <= 32 ? 2 ** bits - 1 : undefined;
  const frames = shape.slice(0, -2).reduce((product, extent) => product * extent, 1);
  const looked = [...new Set([0, Math.floor(frames / 2), frames - 1])].filter((frame) => frame >= 0 && frames > 0);
  if (stated === undefined && (overflow === undefined || looked.length === 0)) return undefined;
  return {
    key: stated?.key ?? key,
    shape: image,
    validInFile: stated?.validInFile ?? 0,
    read() {
      const known = stated?.read();
      if (known !== undefined && known.shape.join() !== image.join()) return known;
      const valid = Uint8Array.from(known?.data ?? new Uint8Array(image[0] * image[1]).fill(1));
      let more = 0;
      for (const frame of overflow === undefined ? [] : looked)
        for (const [i, value] of file.readImages(key, frame, 1).entries()) {
          if (value !== overflow || valid[i] === 0) continue;
          valid[i] = 0;
          more++;
        }
      if (more > 0)
        reading.conversions.push(`${more} more pixels masked that have ${overflow}, an overflow of ${bits} bits`);
      return { shape: image, dtype: "uint8", data: valid };
    },
  };
}
