import { defineConfig } from '@playwright/test'
import { chromiumFlags } from './chromium.ts'
import { findTool } from './tools.ts'

export default defineConfig({
  testDir: 'journeys',
  testMatch: '**/*.journey.ts',
  outputDir: '../test-results',
  // Each file starts a product of its own on free ports and mostly waits for people and telephones.
  workers: 2,
  retries: 2,
  timeout: 120_000,
  forbidOnly: process.env['CI'] === 'true',
  use: {
    browserName: 'chromium',
    locale: 'zh-CN',
    permissions: ['microphone', 'notifications'],
    trace: 'on-first-retry',
    launchOptions: {
      executablePath: findTool('chromium') ?? '/usr/bin/chromium',
      args: chromiumFlags,
    },
  },
})
