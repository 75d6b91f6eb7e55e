import { describe, expect, it } from "vitest";
import { openArrayFile } from "../../src/formats/containers.ts";
import { beside, empadXml, writeEmpad } from "./framesWritten.ts";

const [ROWS, COLUMNS] = [2, 3];
const frames = Array.from({ length: ROWS * COLUMNS }, (_, k) =>
  Float32Array.from({ length: 128 * 128 }, (_, i) => k + i / 7),
);
const bytes = writeEmpad(frames);

describe("EMPAD's raw frames", () => {
  it("come without the two rows behind each", async () => {
    const file = await openArrayFile(bytes, "folder/scan_x3_y2.raw");
    expect([file.container, file.keys]).toEqual(["EMPAD", ["frames"]]);
    expect(file.header("frames")).toMatchObject({ shape: [6, 128, 128], dtype: "float32" });
    expect(file.readImages("frames", 4, 1)).toEqual(frames[4]);
    expect(file.readNumbers("frames").data.subarray(128 * 128, 2 * 128 * 128)).toEqual(frames[1]);
    expect(Buffer.concat([...file.elements("frames")])).toEqual(
      Buffer.concat(frames.map(({ buffer }) => Buffer.from(buffer as ArrayBuffer))),
    );
    expect(file.storedAt("frames")).toBeUndefined();
    expect(file.attributes()["scan_shape"].data).toEqual(Float64Array.of(ROWS, COLUMNS));
  });

  it("with what the XML file says, whichever of the two is opened", async () => {
    const xml = empadXml("C:\\data\\scan.raw", ROWS, COLUMNS);
    const opened = [
      await openArrayFile(bytes, "scan.raw", beside({ "scan.xml": xml })),
      await openArrayFile(new TextEncoder().encode(xml), "scan.xml", beside({ "scan.raw": bytes })),
    ];
    for (const file of opened) {
      expect(file.readImages("frames", 5, 1)).toEqual(frames[5]);
      const said = Object.fromEntries(Object.entries(file.attributes()).map(([key, { data }]) => [key, [...data]]));
      expect(said).toEqual({
        scan_shape: [ROWS, COLUMNS],
        voltage_kv: [300],
        detector_pixel_rad: [5e-4],
        scan_field_of_view_m: [2e-8, 1.5e-8],
        scan_size: [0.5],
        time: ["2017-08-21T14:27:40.468000"],
      });
    }
    await expect(openArrayFile(new TextEncoder().encode(xml), "scan.xml")).rejects.toThrow(
      /not beside the XML file.*"scan\.raw" in the same folder/,
    );
  });

  it("and what it says from version 1.2 of the detector's program on", async () => {
    const xml = `<root name="21"><reconstructions Sentinel="Test"/><raw_file filename="scan.raw"/>
      <scan_parameters mode="search"><scan_resolution_x>64</scan_resolution_x><scan_resolution_y>64</scan_resolution_y></scan_parameters>
      <scan_parameters mode="acquire"><scan_resolution_x>3</scan_resolution_x><scan_resolution_y>2</scan_resolution_y></scan_parameters>
      <iom_measurements><scan_rotation>-0.1</scan_rotation><full_scan_field_of_view><scale_factor>0.72</scale_factor>
      <x>9e-09</x><y>8e-09</y></full_scan_field_of_view><nominal_camera_length>0.1159</nominal_camera_length>
      <high_voltage_state>True</high_voltage_state><high_voltage>200000.0</high_voltage></iom_measurements></root>`;
    const file = await openArrayFile(new TextEncoder().encode(xml), "21.xml", beside({ "scan.raw": bytes }));
    const said = Object.fromEntries(Object.entries(file.attributes()).map(([key, { data }]) => [key, [...data]]));
    expect(said).toEqual({
      ...{ scan_shape: [2, 3], voltage_kv: [200], scan_rotation_rad: [-0.1], camera_length_m: [0.1159] },
      ...{ scan_field_of_view_m: [8e-9, 9e-9], scan_field_factor: [0.72] },
    });
  });

  it("without these rows, where only that fits", async () => {
    const plain = new Uint8Array(Buffer.concat(frames.map(({ buffer }) => Buffer.from(buffer as ArrayBuffer))));
    const xml = new TextEncoder().encode(empadXml("plain.raw", ROWS, COLUMNS));
    for (const file of [
      await openArrayFile(plain, "scan_x3_y2.raw"),
      await openArrayFile(xml, "scan.xml", beside({ "plain.raw": plain })),
    ]) {
      expect(file.readImages("frames", 2, 1)).toEqual(frames[2]);
      expect(file.storedAt("frames")).toMatchObject({ offset: 0 });
    }
    // As long as frames of many a detector.
    await expect(openArrayFile(plain, "scan.raw")).rejects.toThrow(
      /no whole number of EMPAD's frames; in scan\.raw; expected a multiple of 66560 bytes.*; got 393216 bytes: 5 whole frames of 66560 and 60416 more/,
    );
  });

  it("are not what is as long by chance", async () => {
    const counts = Uint16Array.from({ length: 130 * 128 * 2 }, (_, i) => (i * 7919) % 65536);
    await expect(openArrayFile(new Uint8Array(counts.buffer), "other.raw")).rejects.toThrow(
      /no frames of EMPAD, whose size they have; in other\.raw; expected counts in float32/,
    );
  });

  it("say when they are not as many as the scan has positions", async () => {
    const file = await openArrayFile(bytes, "scan.raw", beside({ "scan.xml": empadXml("scan.raw", 3, 3) }));
    expect(file.attributes()["warnings"].data).toEqual([
      "6 frames, but a scan of 3 × 3 = 9 positions, whose frames take 599040 bytes; of a part of the scan state its raster: `scan_shape`",
    ]);
  });

  it("say what is missing when they are cut off, and are read where it is known that they are EMPAD's", async () => {
    const cut = bytes.slice(0, 300_000);
    await expect(openArrayFile(cut, "scan.raw")).rejects.toThrow(
      /expected a multiple of 66560 bytes, 130 rows.*got 300000 bytes: 4 whole frames of 66560 and 33760 more\. Copy the file again/,
    );
    await expect(openArrayFile(cut, "scan_x3_y2.raw")).rejects.toThrow(
      /expected 399360 bytes for the 2 × 3 frames of 130 rows that the name says, or 393216 for 128 rows; got 300000 bytes: 4 whole/,
    );
    await expect(openArrayFile(bytes.slice(0, 5000), "scan_x3_y2.raw")).rejects.toThrow(/got 5000 bytes: 0 whole/);
    const file = await openArrayFile(cut, "scan.raw", beside({ "scan.xml": empadXml("scan.raw", 2, 3) }));
    expect(file.header("frames").shape).toEqual([4, 128, 128]);
    expect(file.readImages("frames", 3, 1)).toEqual(frames[3]);
    expect(file.attributes()["warnings"].data).toEqual([
      "the last frame is cut off, and left out: 300000 bytes: 4 whole frames of 66560 and 33760 more; copy the file again",
      "4 frames, but a scan of 2 × 3 = 6 positions, whose frames take 399360 bytes; of a part of the scan state its raster: `scan_shape`",
    ]);
    // What tells itself by its first bytes is that.
    await expect(openArrayFile(Uint8Array.of(0x1f, 0x8b, 8, 0, 0), "scan.raw")).rejects.toThrow(/gzip archive/);
  });
});
