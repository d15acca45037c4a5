/** The packages of OpenTelemetry, in a server that is asked for traces and in one that is not. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { startCollector } from '../support/collector.ts'
import { until } from '../support/eventually.ts'
import { runServe } from '../support/run-serve.ts'

/** Prints at the end how many files of the traces' packages were loaded; prom-client brings the API along. */
const COUNT = `
  const { Module } = require('node:module')
  process.on('exit', () => {
    const loaded = Object.keys(Module._cache).filter((path) => /@opentelemetry.(core|sdk|exporter|otlp)/.test(path))
    process.stdout.write('loaded: ' + (loaded.length > 0) + '\\n')
  })
`

/** Runs a server for one request; resolves with its output. */
async function served(environment: Record<string, string>, seen: () => boolean): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-tracing-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const counting = join(directory, 'count.cjs')
  await writeFile(counting, COUNT)
  const server = runServe(join(directory, 'data'), { NODE_OPTIONS: `--require ${counting}`, ...environment })
  await fetch(`${await server.ready}/healthz`)
  expect(await server.end('SIGTERM')).toBe(0)
  await until(seen)
  return server.output()
}

it('are loaded by the variable alone, and export what waits when the server ends', async () => {
  const { url, named } = await startCollector()
  const traced = await served({ OTEL_EXPORTER_OTLP_ENDPOINT: url }, () => named('GET /healthz').length > 0)
  expect(traced).toContain('loaded: true')
  expect(await served({}, () => true)).toContain('loaded: false')
})
