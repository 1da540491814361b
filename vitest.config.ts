import { defineConfig } from 'vitest/config'

const never = ['node_modules/**', 'dist/**', 'data/**', 'test/journeys/**']
/** Tests that stand on a real PostgreSQL; it is started once for all of them, and only when one of them runs. */
const onDatabase = ['server/**/*.test.ts', 'test/database/**/*.test.ts']

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    // A test file that leaves a socket or a process behind must not hang the whole run.
    teardownTimeout: 10_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'plain',
          include: ['**/*.test.ts', '**/*.test.tsx'],
          exclude: [...never, ...onDatabase],
        },
      },
      {
        extends: true,
        test: { name: 'database', include: onDatabase, exclude: never, globalSetup: ['test/cluster.ts'] },
      },
    ],
  },
})
