import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sizeOf } from "../../src/arrays.ts";
import { readBundle } from "../../src/bundle/bundle.ts";
import { readSavedConfig } from "../../src/config/savedConfig.ts";
import { parseSettings } from "../../src/config/schema.ts";
import { labelSource, labelsOf } from "../../src/data/labels.ts";
import { openArrayFile } from "../../src/formats/containers.ts";
import { parseJson } from "../../src/formats/json.ts";
import type { Neighbours } from "../../src/formats/neighbours.ts";
import { readNpy } from "../../src/formats/npy.ts";
import { openNpz, writeNpz } from "../../src/formats/npz.ts";
import { openZip } from "../../src/formats/zip.ts";
import { readInitializers } from "../../src/graph/onnx/readInitializers.ts";
import { configEntries, readConfigFile } from "../../src/node/cli/configFile.ts";
import { nodeMachine } from "../../src/node/machine.ts";
import { readReconstruction } from "../../src/reconstructions/reconstructionNpz.ts";
import { recogniseReconstruction } from "../../src/reconstructions/registry.ts";
import { impliedSettings } from "../../src/reference/referenceArchitecture.ts";
import { impliedSpectralSettings } from "../../src/reference/referenceSpectral.ts";
import { runInspection } from "../../src/runs/inspect.ts";
import { memoryStore } from "../../src/runs/memoryStore.ts";
import { readObjectFile } from "../../src/runs/objectFile.ts";
import { changedInputs, readSavedRun, repeatRequest, unsaidSettings } from "../../src/runs/savedRun.ts";
import { inspectReport } from "../../src/scans/inspect/report.ts";
import { readScanArrays, readScanShape, scanParts } from "../../src/scans/registry.ts";
import { readScanNpz } from "../../src/scans/scanNpz.ts";
import { checkpointIdentity, readCheckpoint } from "../../src/training/checkpoint.ts";
import { dialects, readDialect } from "./dialectSeeds.ts";
import * as frames from "./frameSeeds.ts";
import { bitshuffledFiles, hdf5Files, readHdf5 } from "./hdf5.ts";
import * as seeds from "./seeds.ts";
import { stemDialects } from "./stemSeeds.ts";

/** A reader with sound files that it reads. */
export interface Target {
  readonly seeds: () => readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  /** Throws PtychonautErrors and nothing else. */
  readonly read: (bytes: Uint8Array) => unknown;
}

const store = memoryStore();
const home = { machine: nodeMachine, store };
// What the records of runs name.
await store.claim("/somewhere");
for (const name of ["scan.npz", "other.npz"]) await store.write(`/somewhere/${name}`, "a scan");

/** A reader that takes a path of a store. */
const stored =
  (read: (path: string) => Promise<unknown>) =>
  async (bytes: Uint8Array): Promise<unknown> => {
    await store.write("/file", bytes);
    return read("/file");
  };

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-fuzz-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));

/** One that takes a path of the disk. */
const onDisk =
  (name: string, read: (path: string) => Promise<unknown>) =>
  (bytes: Uint8Array): Promise<unknown> => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return read(path);
  };

async function readConfig(path: string): Promise<void> {
  await configEntries(path);
  for (const kind of ["training", "inference"] as const) await readConfigFile(path, kind);
}

/** A container, by the name that a file has: everything that can be asked of the arrays in it. */
const container =
  (name: string, neighbours?: Neighbours) =>
  async (bytes: Uint8Array): Promise<void> => {
    const file = await openArrayFile(bytes, name, neighbours);
    file.attributes();
    for (const key of file.keys) {
      const { shape, dtype } = file.header(key);
      file.attributes(key);
      for (const _ of file.elements(key));
      file.read(key);
      if (shape.length >= 2 && dtype !== "string" && sizeOf(shape) > 0) file.readImages(key, 0, 1);
    }
    file.close();
  };

/** A detector's frames as a scan, with a step that is said and a probe from elsewhere. */
async function framesScan(bytes: Uint8Array): Promise<void> {
  const file = await openArrayFile(bytes, "frames.raw");
  const { parts } = scanParts(file, {}, "frames.raw");
  if (parts.patterns === undefined) return;
  const whole = file.header(parts.patterns.key).shape;
  const last = parts.says?.frameAxis === "last";
  const shape = last ? whole.slice(0, 2) : whole.slice(-2);
  const frameCount = sizeOf(whole) / sizeOf(shape);
  const options = {
    ...(parts.positions === undefined ? { scanStep: 2 } : {}),
    ...(parts.positions === undefined && parts.raster === undefined ? { scanShape: `1,${frameCount}` } : {}),
    ...(parts.says?.measurement === undefined ? { measurement: "counts" as const } : {}),
  };
  const data = new Float32Array(2 * Math.min(2 ** 20, sizeOf(shape))).fill(1);
  const probe = openNpz(writeNpz({ probe: { shape, dtype: "complex64", data } }));
  const elsewhere = { probeFile: [{ file: probe, key: "probe", where: "probe" }] };
  readScanShape(file, options, "frames.raw", elsewhere);
  readScanArrays(file, options, { elsewhere });
}

/** Every reader of files that come from outside. */
export const targets: Readonly<Record<string, Target>> = {
  npy: { seeds: seeds.arrays, read: (bytes) => readNpy(bytes, "fuzz.npy") },
  zip: {
    seeds: seeds.scans,
    read: (bytes) => {
      const zip = openZip(bytes, "fuzz.zip");
      for (const { name } of zip.members) {
        zip.peek(name, 100);
        for (const _ of zip.chunks(name));
      }
    },
  },
  npz: {
    seeds: seeds.scans,
    read: (bytes) => {
      const npz = openNpz(bytes, "fuzz.npz");
      for (const key of npz.keys) npz.read(key);
    },
  },
  "npy file": { seeds: frames.npyFiles, read: container("fuzz.npy") },
  matlab: { seeds: frames.matFiles, read: container("fuzz.mat") },
  "digital micrograph": { seeds: frames.dmFiles, read: container("fuzz.dm4") },
  merlin: { seeds: frames.mibFiles, read: container("fuzz.mib") },
  "merlin hdr": { seeds: frames.hdrFiles, read: container("scan.hdr", frames.besideHdr) },
  blo: { seeds: frames.bloFiles, read: container("fuzz.blo") },
  empad: { seeds: frames.empadFiles, read: container("scan.raw", frames.besideEmpad) },
  tiff: { seeds: frames.tiffFiles, read: container("fuzz.tif") },
  table: { seeds: frames.tables, read: container("fuzz.csv") },
  hdf5: { seeds: hdf5Files, read: readHdf5 },
  "bitshuffled hdf5": { seeds: bitshuffledFiles, read: readHdf5 },
  "frames scan": {
    seeds: () => [...frames.mibFiles(), ...frames.bloFiles(), ...frames.rasters()],
    read: framesScan,
  },
  scan: { seeds: seeds.scans, read: (bytes) => readScanNpz(bytes) },
  dialects: { seeds: dialects, read: readDialect },
  stem: { seeds: stemDialects, read: readDialect },
  labels: {
    seeds: seeds.scans,
    read: (bytes) => {
      const dataset = readScanNpz(bytes);
      labelsOf([labelSource(dataset)], [0], dataset.patterns.height);
    },
  },
  inspect: {
    seeds: seeds.scans,
    read: stored(async (path) => inspectReport(await runInspection(path, {}, home))),
  },
  object: { seeds: seeds.objects, read: stored((path) => readObjectFile(path, home)) },
  "reconstructions of others": {
    seeds: seeds.reconstructions,
    read(bytes) {
      const file = openNpz(bytes, "fuzz");
      recogniseReconstruction(file)?.format.read(file, "fuzz");
    },
  },
  reconstruction: { seeds: () => seeds.objects().slice(0, 1), read: (bytes) => readReconstruction(bytes) },
  bundle: {
    seeds: seeds.bundles,
    read: (bytes) => {
      const { manifest } = readBundle(bytes);
      readSavedConfig(manifest.config, "fuzz.zip");
    },
  },
  model: { seeds: seeds.models, read: (bytes) => readInitializers(bytes) },
  checkpoint: {
    seeds: seeds.checkpoints,
    read: (bytes) => readCheckpoint(bytes, checkpointIdentity(bytes, "fuzz"), "fuzz"),
  },
  run: {
    seeds: seeds.runs,
    read: stored(async (path) => {
      const run = await readSavedRun(path, store);
      unsaidSettings(run);
      repeatRequest(run, "/again");
      await changedInputs(run, home);
    }),
  },
  config: { seeds: seeds.configs, read: onDisk("config.yaml", readConfig) },
  "config.json": { seeds: seeds.jsonConfigs, read: onDisk("config.json", readConfig) },
  json: {
    seeds: seeds.settingsAlone,
    read: (bytes) => {
      const settings = parseJson(new TextDecoder().decode(bytes), "fuzz.json");
      if (typeof settings === "object" && settings !== null) parseSettings("data", settings as Record<string, unknown>);
    },
  },
  weights: {
    seeds: seeds.weights,
    read: (bytes) => {
      const npz = openNpz(bytes, "weights.npz");
      const arrays = new Map(
        npz.keys.map((key) => {
          const { shape, data } = npz.readNumbers(key);
          return [key, { shape, data: Float32Array.from(data) }] as const;
        }),
      );
      return impliedSpectralSettings(arrays) ?? impliedSettings(arrays);
    },
  },
};
