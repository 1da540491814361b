import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

const root = import.meta.dirname
const outDir = join(root, '..', 'dist', 'web')

/** Writes `.br` and `.gz` beside every text file, so that the server never compresses the app while calls are up. */
function precompress(): Plugin {
  let built = outDir
  return {
    name: 'precompress',
    apply: 'build',
    configResolved({ build }) {
      built = resolve(root, build.outDir)
    },
    closeBundle() {
      const names = readdirSync(built, { recursive: true, encoding: 'utf8' })
      for (const name of names.filter((n) => /\.(js|css|html|svg|json)$/.test(n))) {
        const file = join(built, name)
        const text = readFileSync(file)
        if (text.length < 600) continue
        // Quality 9: a tenth of the time of 11 for some per cent of size; the first start waits for this.
        writeFileSync(
          `${file}.br`,
          brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }),
        )
        writeFileSync(`${file}.gz`, gzipSync(text, { level: 9 }))
      }
    },
  }
}

export default defineConfig({
  root,
  publicDir: false,
  plugins: [react(), precompress()],
  build: {
    outDir,
    emptyOutDir: true,
    // Nothing inline: the content security policy forbids it.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 900,
    rolldownOptions: {
      input: {
        index: join(root, 'index.html'),
        desk: join(root, 'desk.html'),
        // The caller's page of questions, at /f/.
        f: join(root, 'f.html'),
        // Where consent is taken back by the caller's code, at /w/.
        w: join(root, 'w.html'),
      },
    },
  },
})
