import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/browser/**"],
    globalSetup: ["test/buildWasm.ts"],
    testTimeout: 180_000,
    // Two files at once on two cores; ONNX Runtime sessions inside tests use one thread each.
    pool: "forks",
    maxWorkers: 2,
  },
});
