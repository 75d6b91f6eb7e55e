/** Larger than this arrays are handed over, not copied. */
const WORTH = 2 ** 12;

/** The memory of arrays in a message that may be handed over: a worker makes answers for the page alone. */
export function arraysIn(message: unknown): ArrayBuffer[] {
  const found = new Set<ArrayBuffer>();
  collect(message, found);
  return [...found];
}

function collect(value: unknown, found: Set<ArrayBuffer>): void {
  if (ArrayBuffer.isView(value)) {
    // A view of something larger is copied: the rest is somebody's.
    const { buffer, byteLength } = value;
    if (buffer instanceof ArrayBuffer && byteLength >= WORTH && byteLength === buffer.byteLength) found.add(buffer);
  } else if (Array.isArray(value)) {
    if (typeof value[0] === "object") for (const item of value) collect(item, found);
  } else if (value !== null && typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype) {
    for (const item of Object.values(value)) collect(item, found);
  }
}
