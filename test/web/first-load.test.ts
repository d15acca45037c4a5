/** The files that a browser loads before the console shows its first page: the build must have been made. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'

const FOLDER = join(import.meta.dirname, '../../dist/web')
const KILOBYTES_MAX = 300

function read(path: string): Buffer {
  return readFileSync(join(FOLDER, path))
}

/** Lists the files that a text names of `assets`, but for those that it loads on demand. */
function assetsIn(text: string, pattern: RegExp): string[] {
  return Array.from(text.matchAll(pattern), ([, path]) => `assets/${path!}`)
}

it('is at most 300 KB: scripts and styles by gzip, and the typeface of the first text', () => {
  const document = read('index.html').toString()
  const files = assetsIn(document, /\/app\/assets\/([\w.-]+)/g)
  const scripts = files.filter((path) => path.endsWith('.js'))
  const styles = files.filter((path) => path.endsWith('.css'))
  const fonts = styles.flatMap((path) => assetsIn(read(path).toString(), /assets\/(hanken-grotesk-latin-wght[\w.-]+)/g))
  expect([scripts.length > 0, styles.length > 0, fonts.length > 0]).toEqual([true, true, true])
  const packed = [...scripts, ...styles].map((path) => gzipSync(read(path), { level: 9 }).length)
  const plain = fonts.map((path) => read(path).length)
  const bytes = [...packed, ...plain].reduce((sum, each) => sum + each, 0)
  expect(bytes / 1000).toBeLessThanOrEqual(KILOBYTES_MAX)
})

it('has each script and style packed beside it, twice', () => {
  const names = readdirSync(join(FOLDER, 'assets')).filter((name) => /\.(?:js|css)$/.test(name))
  expect(names.length).toBeGreaterThan(0)
  for (const name of names) {
    const plain = read(`assets/${name}`)
    expect(brotliDecompressSync(read(`assets/${name}.br`)).equals(plain), name).toBe(true)
    expect(gunzipSync(read(`assets/${name}.gz`)).equals(plain), name).toBe(true)
  }
})
