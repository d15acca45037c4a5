/** A server that is to end answers as before, and ends each connection with its next answer. */
import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import express from 'express'
import { expect, it } from 'vitest'
import { listen } from '../../src/http/server.ts'

it('has clients go elsewhere', async () => {
  const http = await listen(
    { app: express().get('/', (_, response) => void response.send('here')) },
    {
      host: '127.0.0.1',
      port: 0,
    },
  )
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const ask = async (): Promise<[status: number | undefined, connection: string | undefined]> => {
    const [answer] = (await once(request(http.url, { agent }).end(), 'response')) as [IncomingMessage]
    await once(answer.resume(), 'end')
    return [answer.statusCode, answer.headers.connection]
  }
  expect(await ask()).toEqual([200, 'keep-alive'])
  http.part()
  expect(await ask()).toEqual([200, 'close'])
  expect(await ask()).toEqual([200, 'close'])
  agent.destroy()
  await http.close()
})
