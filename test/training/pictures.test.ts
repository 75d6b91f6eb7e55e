import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { scanOptions } from "../../src/config/dataConfig.ts";
import type { Settings } from "../../src/config/group.ts";
import { predictionGraph } from "../../src/inference/predictionModel.ts";
import { initialise } from "../../src/nets/parameters.ts";
import { nodeHome } from "../../src/node/home.ts";
import { createTrainingPayload, readScan } from "../../src/node/runs.ts";
import type { Mark, Sheet } from "../../src/pictures/sheet.ts";
import { Random } from "../../src/random.ts";
import type { Home } from "../../src/runs/machine.ts";
import { trainingPictures } from "../../src/runs/train/trainingPictures.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { prepareData } from "../../src/training/preparation.ts";
import { testRuntime } from "../evaluate.ts";

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-pictures-"));
const scan = join(folder, "scan.npz");
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(() => writeFileSync(scan, writeScanNpz(simulate({ n: 32, patterns: 24, seed: 3, photons: 1e5 }))));

let runs = 0;

/** Pictures of a fresh network, and where they go. */
async function fresh(settings: Settings, objectPixelM?: number, home: Home = nodeHome) {
  const outputDir = join(folder, String(runs++));
  const overrides = { accelerator: "cpu", nFiltersScale: 1, gridsize: 1, batchSize: 8, ...settings };
  const payload = await createTrainingPayload({ trainDataFile: scan, outputDir, overrides });
  const plain = await readScan(scan, scanOptions(payload.data));
  const geometry = { propagation: "far-field", ...(objectPixelM === undefined ? {} : { objectPixelM }) } as const;
  const dataset = { ...plain, geometry };
  const source = prepareData([dataset], undefined, payload.data, 1, new Random(1)).training;
  const pictures = trainingPictures(payload, { home, runtime: testRuntime, source, scans: [dataset] });
  const values = initialise(predictionGraph(payload.model, 1).specs, new Random(1));
  return { pictures, values, reconstructions: join(outputDir, "reconstructions") };
}

/** Epochs of which there are pictures, when an epoch takes so many seconds. */
async function drawn(settings: Settings, epochs: number, seconds: number): Promise<number[]> {
  const { pictures, values } = await fresh(settings);
  const when: number[] = [];
  for (let epoch = 1; epoch <= epochs; epoch++) {
    if (!pictures.due(epoch, epoch * seconds)) continue;
    await pictures.draw(epoch, values);
    when.push(epoch);
  }
  return when;
}

describe("pictures of the reconstruction while training", () => {
  it("come every five epochs unless told otherwise", async () => {
    expect(await drawn({}, 12, 1e4)).toEqual([5, 10]);
    expect(await drawn({ reconLogEveryNEpochs: 4 }, 8, 1e4)).toEqual([4, 8]);
    expect(await drawn({ reconLogEveryNEpochs: 0 }, 12, 1e4)).toEqual([]);
  });

  it("are left out where they would take over a twentieth of the time, unless asked for", async () => {
    expect(await drawn({}, 20, 1e-4)).toEqual([5]);
    expect(await drawn({ reconLogEveryNEpochs: 5 }, 15, 1e-4)).toEqual([5, 10, 15]);
  });

  it("have bars in metres where the size of a pixel is known", async () => {
    const drawnWith = async (objectPixelM?: number): Promise<Buffer[]> => {
      const { pictures, values } = await fresh({ reconLogStitch: true }, objectPixelM);
      return (await pictures.draw(1, values)).map((path) => readFileSync(path));
    };
    const [pixels, metres] = [await drawnWith(), await drawnWith(1.7e-8)];
    expect(pixels.length).toBe(2);
    expect(metres.map((picture, i) => picture.equals(pixels[i]))).toEqual([false, false]);
    expect(await drawnWith()).toEqual(pixels);
  });

  it("have phases in the colours of phases, cut to what is covered", async () => {
    const sheets: Sheet[] = [];
    const pictures = { write: async (sheet: Sheet) => new Uint8Array(sheets.push(sheet)) };
    const home: Home = { ...nodeHome, machine: { ...nodeHome.machine, pictures } };
    const { pictures: drawing, values } = await fresh({ reconLogStitch: true, reconLogNumPatches: 2 }, undefined, home);
    await drawing.draw(1, values);
    const titles = sheets.map(({ marks }) => marks.flatMap((mark) => (mark.kind === "text" ? [mark.text] : [])));
    expect(titles[0].filter((text) => /^frame \d+: phase$/.test(text))).toHaveLength(2);
    expect(titles[1]).toEqual(expect.arrayContaining(["object: amplitude", "object: phase", "rad"]));
    const isGray = (mark: Extract<Mark, { kind: "image" }>): boolean =>
      Array.from({ length: mark.raster.width }, (_, x) => [...mark.raster.data.subarray(3 * x, 3 * x + 3)]).every(
        ([red, green, blue]) => Math.max(red, green, blue) - Math.min(red, green, blue) < 8,
      );
    for (const { marks } of sheets) {
      const images = marks.flatMap((mark) => (mark.kind === "image" && mark.raster.width > 1 ? [mark] : []));
      expect(images.map(isGray)).toEqual(images.map((_, i) => i % 2 === 0));
    }
  });

  it("show the physical object", async () => {
    const plain = await fresh({});
    const [before] = await plain.pictures.draw(1, plain.values);
    const picture = readFileSync(before);
    const halves = { "physics.s1": Float32Array.of(2), "physics.s2": Float32Array.of(0.5) };
    const [after] = await plain.pictures.draw(1, { ...plain.values, ...halves });
    expect(readFileSync(after).equals(picture)).toBe(false);
    expect(readdirSync(plain.reconstructions)).toEqual(["epoch_0001.png"]);
  });
});
