import { ProtobufWriter } from "../../graph/onnx/protobuf.ts";
import { crc32c } from "./crc32c.ts";

/**
 * TensorBoard's event files: records of TensorFlow's TFRecord format, each holding one `tensorflow.Event` message.
 */

/** The record that an event file begins with. @param time seconds since 1970 */
export function firstEvent(time: number): Uint8Array {
  return record(new ProtobufWriter().double(1, time).string(3, "brain.Event:2").finish());
}

/**
 * One record with scalars of one step.
 * @param time seconds since 1970
 * @param scalars by tag; a tag's path before "/" is the group that TensorBoard shows it in
 */
export function scalarEvent(time: number, step: number, scalars: Readonly<Record<string, number>>): Uint8Array {
  const event = new ProtobufWriter().double(1, time).integer(2, step);
  event.message(5, (summary) => {
    for (const [tag, value] of Object.entries(scalars)) summary.message(1, (one) => one.string(1, tag).float(2, value));
  });
  return record(event.finish());
}

/** Length (uint64), its checksum, data, their checksum; little endian. */
function record(data: Uint8Array): Uint8Array {
  const out = new Uint8Array(data.length + 16);
  const view = new DataView(out.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedChecksum(out.subarray(0, 8)), true);
  out.set(data, 12);
  view.setUint32(data.length + 12, maskedChecksum(data), true);
  return out;
}

/** The format turns and offsets its checksums, so that data which hold checksums themselves are checked as well. */
function maskedChecksum(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
