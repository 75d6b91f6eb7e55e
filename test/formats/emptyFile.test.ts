import { expect, it } from "vitest";
import { openArrayFile } from "../../src/formats/containers.ts";

it.each(["frames.tif", "scan.npz", "scan.h5", "scan.csv", "scan"])(
  "%s without a byte is an empty file",
  async (name) => {
    await expect(openArrayFile(new Uint8Array(0), name)).rejects.toThrow(`this is an empty file; in ${name}`);
  },
);
