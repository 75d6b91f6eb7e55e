import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeHome } from "../../src/node/home.ts";
import { crc32c } from "../../src/runs/loggers/crc32c.ts";
import { metricColumns, metricsLogger } from "../../src/runs/loggers/loggers.ts";
import type { EpochRecord } from "../../src/training/trainingState.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ptychonaut-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const epoch = (number: number, validationLoss: number | null): EpochRecord => ({
  epoch: number,
  step: 300 * number,
  trainLoss: 2 / number,
  train: { amplitude: 0.25 },
  validationLoss,
  validation: {},
  learningRate: 1e-3,
  gradientNormBefore: 4,
  gradientNormAfter: 1,
  seconds: 1.5,
});

interface Event {
  readonly time: number;
  readonly step: number;
  readonly version?: string;
  readonly scalars: Readonly<Record<string, number>>;
}

/** A reader of event files that shares nothing with the writer: bit-wise checksums, fields by their wire types. */
function readEvents(file: Buffer): Event[] {
  const events: Event[] = [];
  for (let at = 0; at < file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    const data = file.subarray(at + 12, at + 12 + length);
    expect(unmasked(file.readUInt32LE(at + 8))).toBe(slowChecksum(file.subarray(at, at + 8)));
    expect(unmasked(file.readUInt32LE(at + 12 + length))).toBe(slowChecksum(data));
    const fields = readFields(data);
    const summary = fields.get(5)?.[0] as Buffer | undefined;
    const values = summary === undefined ? [] : (readFields(summary).get(1) as Buffer[]).map(readFields);
    const version = fields.get(3)?.[0]?.toString();
    events.push({
      time: fields.get(1)![0] as number,
      step: Number(fields.get(2)?.[0] ?? 0),
      ...(version === undefined ? {} : { version }),
      scalars: Object.fromEntries(values.map((value) => [String(value.get(1)![0]), value.get(2)![0] as number])),
    });
    at += length + 16;
  }
  return events;
}

function readFields(data: Buffer): Map<number, (number | bigint | Buffer)[]> {
  const fields = new Map<number, (number | bigint | Buffer)[]>();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = data[at++];
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  const take = (length: number): Buffer => {
    at += length;
    return data.subarray(at - length, at);
  };
  while (at < data.length) {
    const key = Number(varint());
    const read = [varint, () => take(8).readDoubleLE(), () => take(Number(varint()))][key & 7];
    const value = (key & 7) === 5 ? take(4).readFloatLE() : read!();
    fields.set(key >> 3, [...(fields.get(key >> 3) ?? []), value]);
  }
  return fields;
}

/** Remainder of the division by the Castagnoli polynomial x^32 + ... (0x1EDC6F41), bit by bit, as RFC 3720 has it. */
function slowChecksum(bytes: Uint8Array): number {
  let crc = 0xffffffffn;
  for (const byte of bytes) {
    for (let bit = 0; bit < 8; bit++) {
      const carry = ((crc >> 31n) & 1n) ^ BigInt((byte >> bit) & 1);
      crc = ((crc << 1n) & 0xffffffffn) ^ (carry === 1n ? 0x1edc6f41n : 0n);
    }
  }
  const reflected = [...(crc ^ 0xffffffffn).toString(2).padStart(32, "0")].reverse().join("");
  return Number.parseInt(reflected, 2);
}

const unmasked = (masked: number): number => {
  const turned = (masked - 0xa282ead8) >>> 0;
  return ((turned << 15) | (turned >>> 17)) >>> 0;
};

describe("CRC-32C", () => {
  it("of the check string, and of the 32 zeros of RFC 3720", () => {
    expect(crc32c(Buffer.from("123456789"))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(slowChecksum(Buffer.from("123456789"))).toBe(0xe3069283);
  });
});

describe("the TensorBoard logger", () => {
  it("writes an event file that another reader understands", async () => {
    const before = Date.now() / 1000;
    const logger = await metricsLogger("tensorboard", folder, nodeHome);
    await logger.log(metricColumns(epoch(1, 0.5), "poisson"));
    await logger.log(metricColumns(epoch(2, null), "poisson"));
    expect(basename(logger.files[0])).toMatch(/^events\.out\.tfevents\.\d+\./);
    const [first, one, two, ...rest] = readEvents(readFileSync(logger.files[0]));
    expect(rest).toEqual([]);
    expect(first).toMatchObject({ version: "brain.Event:2", scalars: {} });
    expect(first.time).toBeGreaterThanOrEqual(before);
    expect(one).toMatchObject({ step: 300, scalars: { poisson_train_loss: 2, poisson_val_loss: 0.5, epoch: 1 } });
    expect(one.scalars["learning_rate"]).toBe(Math.fround(1e-3));
    expect(two).toMatchObject({ step: 600, scalars: { poisson_train_loss: 1, amplitude_train: 0.25 } });
    expect(Object.keys(two.scalars)).not.toContain("poisson_val_loss");
    expect(Object.keys(two.scalars)).not.toContain("step");
  });

  it("each run has a folder of its own, whatever the logger", async () => {
    const next = await metricsLogger("csv", folder, nodeHome);
    expect(next.files).toEqual([]);
    await next.log(metricColumns(epoch(1, 0.5), "mae"));
    expect(basename(dirname(next.files[0]))).toBe("version_1");
    expect((await metricsLogger("none", folder, nodeHome)).files).toEqual([]);
    expect(readdirSync(join(folder, "lightning_logs"))).toEqual(["version_0", "version_1"]);
  });
});
