import { writeTiff } from "../../formats/writeTiff.ts";
import { framesAs } from "./frames.ts";
import type { ScanWriter } from "./scanWriter.ts";

/** The patterns as pages of one TIFF, counts; it has a place for nothing else. */
export const tiffWriter: ScanWriter = {
  name: "tiff",
  title: "patterns as pages of a TIFF",
  endings: [".tif", ".tiff"],
  holds: [],
  needs: [],
  compresses: false,
  integers: true,
  async write(scan, [file], { history }) {
    const dtype = scan.countType ?? "float32";
    const pages = framesAs("counts", scan);
    await file.writePieces((sink) =>
      writeTiff(sink, { shape: scan.shape, dtype, pages, description: history.join("\n") }),
    );
  },
};
