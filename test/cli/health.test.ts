/** `rollcall health`, of servers in all states. */
import { afterEach, describe, expect, it } from 'vitest'
import { health } from '../../src/cli/health.ts'
import { createStartingApp } from '../../src/http/app.ts'
import { type HttpServer, listen } from '../../src/http/server.ts'
import { EngineError } from '../../src/model/errors.ts'
import { CONFIG, startTestServer } from '../support/server.ts'

let http: HttpServer | undefined
afterEach(async () => {
  await http?.close()
  http = undefined
})

async function healthOf(url: string): Promise<[number, string]> {
  let output = ''
  const status = await health(
    () => ({ url }),
    (line) => (output += line),
  )
  return [status, output]
}

describe('the health of a server', () => {
  it('that is ready is 0, and nothing is said', async () => {
    const server = await startTestServer()
    expect(await healthOf(server.url)).toEqual([0, ''])
    await server.stop()
  })

  it('that is starting is 1, with its answer', async () => {
    http = await listen({ app: createStartingApp() }, CONFIG)
    expect(await healthOf(http.url)).toEqual([1, `${http.url} is not ready: it answers 503\n`])
  })

  it('that is not there is 1, with the cause', async () => {
    const [status, output] = await healthOf('http://127.0.0.1:1')
    expect(status).toBe(1)
    expect(output).toMatch(/^not ready: .+\n$/)
  })

  it('of an environment that cannot be read is 1, too: supervisors know no other', async () => {
    let output = ''
    const optionsOf = () => {
      throw new EngineError('validation_error', 'PORT: expected a number', 'PORT')
    }
    expect(await health(optionsOf, (line) => (output += line))).toBe(1)
    expect(output).toBe('not ready: PORT: expected a number\n')
  })
})
