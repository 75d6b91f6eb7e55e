/** Writes the file in its first argument, piece by piece and never to its end, until killed. */
import { nodeStore } from "../../src/node/store.ts";

await nodeStore.writePieces(process.argv[2], (sink) => {
  const wait = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    sink.write(new Uint8Array(100));
    console.log("wrote");
    Atomics.wait(wait, 0, 0, 50);
  }
});
