import type { PictureFormat } from "../pictures/pictureWriter.ts";
import type { Sheet } from "../pictures/sheet.ts";
import type { Home } from "./machine.ts";

/** Writes figures to a run's folder, in the formats that it asks for. */
export interface PictureFiles {
  /**
   * Draws a figure and writes it; draws nothing where this home has no pictures.
   * @param path without the format's ending
   * @returns the paths of the files
   * @throws PtychonautError "output"
   */
  write(path: string, sheet: () => Sheet | Promise<Sheet>): Promise<string[]>;
}

export function pictureFiles(formats: readonly PictureFormat[], { machine, store }: Home): PictureFiles {
  const writer = machine.pictures;
  return {
    async write(path, sheet) {
      if (writer === undefined) return [];
      const drawn = await sheet();
      const files: string[] = [];
      for (const format of new Set(formats)) {
        const file = `${path}.${format}`;
        await store.write(file, await writer.write(drawn, format));
        files.push(file);
      }
      return files;
    },
  };
}
