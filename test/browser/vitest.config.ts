import { defineConfig } from "vitest/config";

/** Tests that drive a browser; they run on their own because they need one installed. */
export default defineConfig({
  test: {
    include: ["test/browser/*.test.ts"],
    testTimeout: 180_000,
    globalSetup: ["test/buildWasm.ts"],
    hookTimeout: 120_000,
    // A page on a machine that is busy with other things takes seconds for what is there at once otherwise.
    expect: { poll: { timeout: 15_000 } },
    fileParallelism: false,
  },
});
