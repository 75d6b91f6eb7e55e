import { describe, expect, it } from "vitest";
import { openArrayFile } from "../../src/formats/containers.ts";
import { type DmTag, dmImage, writeDm } from "./framesWritten.ts";

const [R, C, Y, X] = [2, 3, 4, 5];
const values = Uint16Array.from({ length: R * C * Y * X }, (_, i) => 3 * i);
const u16 = (littleEndian: boolean): Uint8Array => {
  const bytes = Buffer.from(values.slice().buffer);
  return new Uint8Array(littleEndian ? bytes : bytes.swap16());
};
const info: Readonly<Record<string, DmTag>> = {
  "Microscope Info": { group: { Voltage: { number: 3e5, type: "float32" }, "STEM Camera Length": { number: 115 } } },
};
const swapped: DmTag = {
  group: { "Data Order Swapped": { number: 1, type: "bool" }, Format: { text: "Diffraction image" } },
};
const thumbnail = dmImage({ dims: [2, 2], dataType: 23, bytes: new Uint8Array(16), type: 3 });
const detectorFirst = {
  dims: [X, Y, C, R],
  axes: [
    [0.5, "mrad"],
    [0.25, "mrad"],
    [2, "nm"],
    [4, "nm"],
  ],
} as const;

describe.each([
  [3, true],
  [3, false],
  [4, true],
  [4, false],
] as const)("Digital Micrograph %i, little-endian %s", (version, littleEndian) => {
  const written = (images: readonly DmTag[]): Uint8Array =>
    writeDm({ ImageList: { list: images }, Note: { text: "unimportant" } }, { version, littleEndian });

  it("four axes, the detector's fastest: a raster of patterns", async () => {
    const image = dmImage({
      ...detectorFirst,
      ...{ dataType: 10, type: 4, bytes: u16(littleEndian), tags: { ...info, "Meta Data": swapped } },
    });
    const file = await openArrayFile(written([thumbnail, image]), "scan.dm4");
    expect([file.container, file.keys]).toEqual(["Digital Micrograph", ["data"]]);
    expect(file.read("data")).toEqual({ shape: [R, C, Y, X], dtype: "uint16", data: values });
    expect(file.storedAt("data")).toBeDefined();
    expect(Array.from(file.readImages("data", 4, 1))).toEqual(Array.from(values.subarray(4 * Y * X, 5 * Y * X)));
    const said = Object.fromEntries(Object.entries(file.attributes()).map(([key, { data }]) => [key, [...data]]));
    expect(said).toEqual({
      scan_shape: [R, C],
      scan_step_m: [4e-9, 2e-9],
      detector_pixel_rad: [2.5e-4, 5e-4],
      voltage_kv: [300],
      camera_length_m: [0.115],
      name: ["Diffraction SI"],
    });
    expect(file.attributes("data")["units"].data).toEqual(["nm", "nm", "mrad", "mrad"]);
  });

  it("four axes, the scan's fastest: frames come last", async () => {
    const image = dmImage({ dims: [C, R, X, Y], dataType: 10, type: 4, bytes: u16(littleEndian) });
    const file = await openArrayFile(written([image]), "scan.dm4");
    expect(file.header("data").shape).toEqual([Y, X, R * C]);
    expect(file.attributes("data")["frame_axis"].data).toEqual(["last"]);
    expect(file.attributes()["scan_shape"].data).toEqual(Float64Array.of(R, C));
    expect(file.readNumbers("data").data).toEqual(values);
  });

  it("several images: the largest is `data`", async () => {
    const small = dmImage({ dims: [2, 2], dataType: 7, type: 3, bytes: new Uint8Array(16) });
    const large = dmImage({ dims: [X, Y, R * C], dataType: 10, type: 4, bytes: u16(littleEndian) });
    const file = await openArrayFile(written([small, large]), "stack.dm3");
    expect(file.keys).toEqual(["data", "image_0"]);
    expect(file.header("data").shape).toEqual([R * C, Y, X]);
    expect(file.read("image_0")).toEqual({ shape: [2, 2], dtype: "int32", data: new Int32Array(4) });
  });

  it("is refused when it is cut off, has no image, or axes that do not fit", async () => {
    const image = { ...detectorFirst, dataType: 10, type: 4, bytes: u16(littleEndian) };
    const whole = written([dmImage(image)]);
    await expect(openArrayFile(whole.subarray(0, whole.length - 300), "cut.dm4")).rejects.toThrow(/it ends early/);
    await expect(openArrayFile(written([thumbnail]), "empty.dm4")).rejects.toThrow(/no image/);
    await expect(openArrayFile(written([dmImage({ ...image, dims: [X, Y, C, R + 1] })]), "odd.dm4")).rejects.toThrow(
      /do not fit its axes.*360 bytes.*got 240 bytes/,
    );
  });
});

it("a Digital Micrograph file nested without end is refused", async () => {
  let tag: DmTag = { number: 1 };
  for (let k = 0; k < 100; k++) tag = { group: { deeper: tag } };
  await expect(openArrayFile(writeDm({ tag }), "deep.dm4")).rejects.toThrow(/more than 64 deep/);
});
