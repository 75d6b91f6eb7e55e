import { sizeOf } from "../../arrays.ts";
import { setting } from "../../errors.ts";
import type { PositionsPart, ScanParts } from "../parts.ts";
import type { ScanFormat } from "../scanFormat.ts";
import { firstStack, type Reading, readingOf } from "./quantities.ts";

const FRAMES = "jungfrau1M/image_img";
const [ACROSS, ALONG, UP] = ["lmc/ch03", "lmc/ch04", "lmc/ch05"] as const;
const INTENSITY = "ipm2/sum";

/**
 * Scans of LCLS' XPP: counts `jungfrau1M/image_img` (frame, y, x), the stage's encoders in micrometres: y = −ch05,
 * x = cos θ · ch03 + sin θ · ch04, θ the angle at which the beam meets the sample, which is not in the file.
 */
export const lclsFormat: ScanFormat = {
  name: "lcls",
  title: "LCLS XPP",
  recognise: (file) =>
    firstStack(file, [FRAMES]) !== undefined && [ACROSS, UP].every((key) => file.has(key))
      ? { confidence: 1, evidence: `${FRAMES}, lmc` }
      : { confidence: 0, evidence: `no ${FRAMES} with lmc` },
  parts(file, _, where): ScanParts {
    const reading = readingOf(file, where);
    reading.warnings.push(
      "the angle θ of the stage is not in the file: x = ch03 is taken, which is θ = 0; " +
        `for another one ${setting("positions", "FILE::x,y")} with x = cos θ · ch03 + sin θ · ch04`,
    );
    darkFrames(reading);
    return {
      patterns: { file, key: FRAMES },
      positions: encoders(reading),
      geometry: {},
      says: {
        measurement: "counts",
        dcAt: "center",
        frameAxis: "first",
        positionUnit: "um",
        positionOrigin: "centered",
      },
      conversions: reading.conversions,
      warnings: reading.warnings,
    };
  },
};

function encoders({ file }: Reading): PositionsPart {
  const count = sizeOf(file.header(UP).shape);
  return {
    keys: [ACROSS, UP],
    count,
    read() {
      const [x, up] = [file.readNumbers(ACROSS).data, file.readNumbers(UP).data];
      return Float64Array.from({ length: 2 * count }, (_, i) => (i % 2 === 0 ? -up[i >> 1] : x[i >> 1]));
    },
    conversions: [`y = −${UP}, x = ${ACROSS} (${ALONG} is along the beam)`],
  };
}

/** Most frames that are named. */
const NAMED = 8;

function darkFrames({ file, warnings }: Reading): void {
  if (!file.has(INTENSITY) || !/^(u?int|float)/.test(file.header(INTENSITY).dtype)) return;
  const dark = [...file.readNumbers(INTENSITY).data.entries()]
    .filter(([, value]) => !(value > 0))
    .map(([frame]) => frame);
  if (dark.length === 0) return;
  const named = dark.slice(0, NAMED).join(",");
  warnings.push(
    `${dark.length} frames have no beam by ${INTENSITY}: ${named}${dark.length > NAMED ? " …" : ""}; ` +
      `leave them out with ${setting("skip_frames", dark.length > NAMED ? "…" : named)}`,
  );
}
