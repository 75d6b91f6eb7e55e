import { writeTiff } from "../../formats/writeTiff.ts";
import { framesAs } from "./frames.ts";
import type { ScanWriter } from "./scanWriter.ts";

/** The patterns as pages of one TIFF, counts in float32; it has a place for nothing else. */
export const tiffWriter: ScanWriter = {
  name: "tiff",
  title: "patterns as pages of a TIFF",
  endings: [".tif", ".tiff"],
  holds: [],
  needs: [],
  compresses: false,
  async write(scan, [file], { history }) {
    await file.writePieces((sink) =>
      writeTiff(sink, { shape: scan.shape, pages: framesAs("counts", scan), description: history.join("\n") }),
    );
  },
};
