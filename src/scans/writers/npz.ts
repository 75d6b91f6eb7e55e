import { zipWriter } from "../../formats/writeZip.ts";
import { writeScanFrames } from "../writeScanNpz.ts";
import type { ScanWriter } from "./scanWriter.ts";

/** The PtychoPINN contract (`npzFormat` reads it): amplitudes, and everything else that a scan has. */
export const npzWriter: ScanWriter = {
  name: "npz",
  title: "PtychoPINN's arrays in an NPZ",
  endings: [".npz"],
  holds: [
    ...["positions", "nominalPositions", "probe", "object", "patches", "mask", "scanIndex", "frameIntensities"],
    ...["photonsPerPattern", "electrons", "nearField"],
    ...["wavelengthM", "detectorDistanceM", "detectorPixelM", "objectPixelM"],
  ] as const,
  needs: [],
  compresses: true,
  integers: false,
  async write(scan, [file], { compress, history }) {
    await file.writePieces(async (sink) => {
      const writer = zipWriter(sink);
      await writeScanFrames(writer, scan, { level: compress ? 6 : 0, history });
      writer.finish();
    });
  },
};
