import { defineConfig } from "vitest/config";

/** Tests that drive a browser; they run on their own because they need one installed. */
export default defineConfig({
  test: {
    include: ["test/browser/*.test.ts"],
    testTimeout: 180_000,
    globalSetup: ["test/buildWasm.ts"],
    hookTimeout: 120_000,
    fileParallelism: false,
  },
});
