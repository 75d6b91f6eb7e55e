import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { memorySource } from "../../src/formats/byteSource.ts";
import { sha256Of } from "../../src/web/sha256.ts";

it("a hash by pieces is that of the whole, which Node makes", async () => {
  const bytes = Uint8Array.from({ length: 10_007 }, (_, i) => (i * 7919) % 251);
  const whole = createHash("sha256").update(bytes).digest("hex");
  for (const atOnce of [64, 1000, 10_007, 2 ** 20])
    expect(Buffer.from(await sha256Of(memorySource(bytes), atOnce)).toString("hex")).toBe(whole);
});
