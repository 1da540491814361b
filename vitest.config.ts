import { defineConfig } from 'vitest/config'

/** `sound`: real telephones in real time, which wait more than they work; apart from the others, or those would disturb them. */
const projects: Record<'unit' | 'server' | 'sound', string[]> = {
  unit: ['domain', 'api', 'clinical', 'web', 'bench', 'test'],
  server: ['server', 'launcher', 'bin', 'test/database'],
  sound: ['switchboard', 'recorder', 'telephony', 'server/calls', 'test/ari'],
}
const elsewhere: Record<string, string[]> = {
  unit: ['test/database/**', 'test/ari/**'],
  server: ['server/calls/**'],
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
        exclude: ['**/node_modules/**', 'test/journeys/**', ...(elsewhere[name] ?? [])],
        ...(name === 'unit' ? {} : { globalSetup: ['test/cluster.ts'] }),
        // A busy machine can make a caller wait too long once; the runner says aloud what passed only then.
        ...(name === 'unit' ? {} : { retry: 2 }),
      },
    })),
  },
})
