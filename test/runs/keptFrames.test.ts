import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Patterns } from "../../src/data/dataset.ts";
import { type Driven, drive } from "../../src/engines/driver.ts";
import type { DriverState } from "../../src/engines/driverState.ts";
import { engineNamed } from "../../src/engines/registry.ts";
import type { Stage } from "../../src/engines/runningStage.ts";
import { completeSettings } from "../../src/engines/settings.ts";
import { nodeKernels } from "../../src/node/kernels.ts";
import { nodeStore } from "../../src/node/store.ts";
import { Random } from "../../src/random.ts";
import {
  KEPT_OF_FILE,
  keptAmplitudes,
  keptFrames,
  keptInMemory,
  keptWarnings,
} from "../../src/runs/reconstruct/keptFrames.ts";
import { reconstructionFiles, reconstructionMemory } from "../../src/runs/reconstruct/reconstructionMemory.ts";
import type { ScanForEngines } from "../../src/runs/reconstruct/scanForEngines.ts";
import { everyFrame, simulatedProblem } from "../engines/problem.ts";

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-kept-"));
afterAll(() => rmSync(folder, { recursive: true }));

const stage = (name: string, coarse?: number): Stage => ({
  ...{ engine: engineNamed(name), settings: completeSettings(engineNamed(name)), epochs: 2, subPixel: "bilinear" },
  ...(coarse === undefined ? {} : { coarse }),
  wrappers: [],
});
const inFile = { origin: { kind: "file" } } as unknown as Patterns;
const inMemory = { origin: { kind: "memory" }, count: 1, height: 64, width: 64 } as unknown as Patterns;
const scanOf = (count: number) => ({ count, height: 64, width: 64 });
const GIB = 2 ** 30;

describe("patterns on the disk", () => {
  const { scan } = simulatedProblem({ patterns: 36, n: 32, step: 3 });
  const all = everyFrame(36);
  const heldOut = all.filter((frame) => frame % 9 === 4);
  const frames = all.filter((frame) => frame % 9 !== 4);
  const files = (): readonly string[] => readdirSync(folder);
  const bits = ({ state, look }: Driven) => ({
    history: state.history.map(({ seconds: _, ...record }) => record),
    ...{ object: look.object.values.data, probe: look.probe.data },
  });
  const stages = [stage("lsqml", 2), stage("epie"), stage("dm")];
  const driven = (changes: Partial<Parameters<typeof drive>[0]> = {}): Promise<Driven> =>
    drive({
      ...{ scan, stages, frames, heldOut, random: new Random(5), kernels: () => nodeKernels({ threads: 1 }) },
      ...changes,
    });
  const said: string[] = [];
  const scratch = nodeStore.scratch(folder, (line) => void said.push(line));
  const onDisk = {
    ...scan,
    amplitudes: keptAmplitudes(scan.amplitudes, { inMemory: 0, onDisk: 1 }, scratch.make),
  };

  it("give the same bits as in memory, from any epoch, and one stage's file is gone before the next one's comes", async () => {
    const states: DriverState[] = [];
    const there: number[] = [];
    const listener = {
      epoch: async (_: unknown, moment: { state(): Promise<DriverState> }) => {
        states.push(structuredClone(await moment.state()));
        there.push(files().length);
      },
    };
    const expected = bits(await driven());
    expect(bits(await driven({ scan: onDisk, listener }))).toEqual(expected);
    expect(there).toEqual([1, 1, 1, 1, 1, 1]);
    expect(said).toHaveLength(3);
    expect(said[0]).toMatch(/^patterns as the engines take them: .* GiB in .*, until the run ends$/);
    for (const from of [states[0], states[2]]) expect(bits(await driven({ scan: onDisk, from }))).toEqual(expected);
    expect(files()).toEqual([]);
  });

  it("leave no file behind when the run is stopped while they are prepared", async () => {
    const controller = new AbortController();
    let made = 0;
    const stopping = nodeStore.scratch(folder, () => {
      made++;
      controller.abort();
    });
    const amplitudes = keptAmplitudes(scan.amplitudes, { inMemory: 0, onDisk: 1 }, stopping.make);
    const { kind, state } = await driven({ scan: { ...scan, amplitudes }, signal: controller.signal });
    expect([kind, state.history.length, made]).toEqual(["interrupted", 0, 1]);
    expect(files()).toEqual([]);
  });
});

describe("where frames are kept", () => {
  it("is memory for few, the disk for many, and memory again where there is no room on the disk", () => {
    const few = KEPT_OF_FILE / (4 * 64 * 64);
    expect(keptFrames(scanOf(few), inFile, 100 * GIB).onDisk).toBe(0);
    expect(keptFrames(scanOf(few + 1), inFile, 100 * GIB)).toEqual({
      inMemory: KEPT_OF_FILE,
      onDisk: 4 * 64 * 64 * (few + 1),
    });
    // Who has all in memory has them there twice, up to a GiB.
    expect(keptFrames(scanOf(few + 1), inMemory, 100 * GIB).onDisk).toBe(0);
    expect(keptFrames(scanOf(8 * few + 1), inMemory, 100 * GIB).onDisk).toBeGreaterThan(GIB);
    for (const free of [undefined, GIB / 4])
      expect(keptFrames(scanOf(few + 1), inFile, free)).toEqual({ inMemory: GIB, onDisk: 0 });
  });

  it("is said where they are prepared anew", () => {
    const warnings = (count: number, free: number | undefined) =>
      keptWarnings(scanOf(count), keptFrames(scanOf(count), inFile, free), free);
    expect(warnings(1e5, 100 * GIB)).toEqual([]);
    expect(warnings(1e4, undefined)).toEqual([]);
    expect(warnings(1e5, GIB)).toEqual([expect.stringMatching(/anew in every epoch.*1\.53 GiB.*1\.00 GiB are free/)]);
    expect(warnings(1e5, undefined)).toEqual([expect.stringMatching(/there is none here/)]);
  });

  it("makes memory flat in the number of patterns that stay in their file, and the disk is counted", () => {
    const canvas = { height: 500, width: 500 };
    const execution = { enableCheckpointing: false } as Parameters<typeof reconstructionFiles>[3];
    const of = (count: number) => {
      const kept = keptFrames(scanOf(count), inFile, 100 * GIB);
      const scan = { amplitudes: scanOf(count), probe: { shape: [1, 64, 64] } };
      const shares = reconstructionMemory(
        { scan } as unknown as ScanForEngines,
        { patterns: inFile },
        canvas,
        [stage("epie", 2), stage("epie")],
        kept,
      );
      const files = reconstructionFiles(shares, 500 * 500, kept, execution);
      return [shares, files].map((parts) => parts.reduce((sum, { bytes }) => sum + bytes, 0));
    };
    const [small, large, larger] = [1e3, 1e5, 1e6].map(of);
    expect(large[0]).toBe(larger[0]);
    expect(large[0]).toBeLessThanOrEqual(small[0]);
    expect(large[1] - small[1]).toBe(4 * 64 * 64 * 1e5);
    // Of 10^4 patterns a quarter of the pixels has room in memory.
    const kept = keptFrames(scanOf(1e4), inFile, 100 * GIB);
    expect([1, 2].map((coarse) => keptInMemory(scanOf(1e4), kept, coarse))).toEqual([0, 1e4 * 64 * 64]);
  });
});
