import type { Random } from "../../src/random.ts";

const descrs = [
  "<f4",
  ">f8",
  "<f2",
  "|u1",
  "<i8",
  "<u8",
  "|b1",
  "<c8",
  ">c16",
  "<U0",
  "<U3",
  "|S1",
  "|S0",
  "|O",
  "<f16",
];
const extents = ["0", "1", "2", "3", "16", "255", "65536", "4294967296", "99999999999", "9007199254740993", "", "-1"];

/** Another dtype, order or shape in the header; the elements cut or filled up to what it says, now and then. */
export function mutatedNpy(bytes: Uint8Array, random: Random): Uint8Array {
  const headerLength = new DataView(bytes.buffer, bytes.byteOffset).getUint16(8, true);
  let header = new TextDecoder("latin1").decode(bytes.subarray(10, 10 + headerLength));
  let body = bytes.subarray(10 + headerLength);
  const pick = <T>(items: readonly T[]): T => items[random.integer(items.length)];
  if (random.integer(2) === 0) header = header.replace(/('descr': ')[^']*/, (_, start: string) => start + pick(descrs));
  if (random.integer(4) === 0) header = header.replace(/False/, "True");
  if (random.integer(2) === 0)
    header = header.replace(/\(([^)]*)\)/, (_, shape: string) => {
      const parts = shape.split(",").map((part) => part.trim());
      const at = random.integer(parts.length);
      const way = random.integer(3);
      if (way === 0) parts.splice(at, 1);
      else parts.splice(at, way - 1, pick(extents));
      return `(${parts.join(", ")})`;
    });
  const size = bytesOf(header);
  if (size !== undefined && size < 2 ** 20 && random.integer(4) > 0) body = resized(body, size);
  // Numbers that no scan has.
  if (body.length >= 8 && random.integer(2) === 0) {
    body = body.slice();
    const view = new DataView(body.buffer);
    for (let n = 1 + random.integer(8); n > 0; n--)
      view.setFloat64(
        8 * random.integer(Math.floor(body.length / 8)),
        pick([Number.NaN, Number.POSITIVE_INFINITY, -1, 1e300, 1e-320, 0, -0, 1e15]),
        random.integer(2) === 0,
      );
  }
  const out = new Uint8Array(10 + header.length + body.length);
  out.set(bytes.subarray(0, 8));
  new DataView(out.buffer).setUint16(8, header.length, true);
  for (let i = 0; i < header.length; i++) out[10 + i] = header.charCodeAt(i);
  out.set(body, 10 + header.length);
  return out;
}

/** What the elements of such a header take. */
function bytesOf(header: string): number | undefined {
  const [, kind, digits] = /'descr': '[<>|=]?([a-zA-Z])(\d*)'/.exec(header) ?? [];
  const shape = /\(([^)]*)\)/.exec(header)?.[1];
  if (kind === undefined || shape === undefined) return undefined;
  const counts = shape.split(",").flatMap((part) => (part.trim() === "" ? [] : [Number(part)]));
  const size = counts.reduce((product, count) => product * count, Number(digits) * (kind === "U" ? 4 : 1));
  return Number.isSafeInteger(size) && size >= 0 ? size : undefined;
}

function resized(body: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(size);
  for (let at = 0; at < size; at += Math.max(1, body.length)) out.set(body.subarray(0, size - at), at);
  return out;
}
