import { defineConfig } from "vitest/config";

/**
 * Two projects: `unit` runs anywhere in seconds (pure code, in-process clusters);
 * `system` starts real processes, containers, namespaces or etcd, needs root, and runs one file at a time.
 */
export default defineConfig({
  test: {
    pool: "threads",
    isolate: false,
    maxWorkers: 2,
    // Waiting ends with what is waited for; on a busy machine that may be late.
    expect: { poll: { timeout: 20_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["src/**/*.test.ts", "test/*.test.ts", "test/scenarios/**/*.test.ts"],
          exclude: ["**/*.system.test.ts"],
          testTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: "system",
          include: ["src/**/*.system.test.ts", "test/process/**/*.test.ts", "test/e2e/**/*.test.ts"],
          fileParallelism: false,
          sequence: { groupOrder: 1 },
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
