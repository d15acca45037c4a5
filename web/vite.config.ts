/** The build of the console: static files under `/app/`, for the server to send. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import optimizeLocales from '@react-aria/optimize-locales-plugin'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

const brotli = promisify(brotliCompress)
/** One step below the best, which takes more than twice as long for 2 % less. */
const BROTLI_QUALITY = 10
const PACKED = /\.(?:js|css)$/

/** Packs scripts and styles, beside each: `name.js.br` and `name.js.gz`. Typefaces are packed as they are. */
function packing(): Plugin {
  return {
    name: 'packing',
    apply: 'build',
    async writeBundle({ dir }, bundle) {
      const names = Object.keys(bundle).filter((name) => PACKED.test(name))
      await Promise.all(names.map((name) => pack(join(dir!, name), contentOf(bundle[name]!))))
    },
  }
}

async function pack(path: string, content: string | Uint8Array): Promise<void> {
  const params = { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY }
  await writeFile(`${path}.br`, await brotli(content, { params }))
  await writeFile(`${path}.gz`, await promisify(gzip)(content, { level: constants.Z_BEST_COMPRESSION }))
}

type File = { readonly type: 'chunk'; readonly code: string } | AssetFile

interface AssetFile {
  readonly type: 'asset'
  readonly source: string | Uint8Array
}

function contentOf(file: File): string | Uint8Array {
  return file.type === 'chunk' ? file.code : file.source
}

export default defineConfig({
  root: import.meta.dirname,
  base: '/app/',
  plugins: [react(), { ...optimizeLocales.vite({ locales: ['en-US'] }), enforce: 'pre' }, packing()],
  build: {
    outDir: join(import.meta.dirname, '../dist/web'),
    emptyOutDir: true,
    target: 'es2023',
    // The policy of the page takes files from here alone.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
})
