import { defineConfig } from 'vitest/config'

const projects: Record<string, string[]> = {
  unit: ['domain', 'api', 'clinical', 'telephony', 'web', 'simulator', 'bench', 'test'],
  server: ['server', 'launcher', 'bin', 'test/database'],
  switchboard: ['switchboard', 'recorder'],
}

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
    maxWorkers: 2,
    projects: Object.entries(projects).map(([name, folders]) => ({
      extends: true,
      test: {
        name,
        include: folders.map((folder) => `${folder}/**/*.test.{ts,tsx}`),
        exclude: ['**/node_modules/**', 'test/journeys/**', ...(name === 'unit' ? ['test/database/**'] : [])],
        ...(name === 'server' ? { globalSetup: ['test/cluster.ts'] } : {}),
      },
    })),
  },
})
