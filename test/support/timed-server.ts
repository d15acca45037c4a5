/** A server on virtual time, a new one for each test of a file, and what most of them ask it for. */
import { afterEach, beforeEach } from 'vitest'
import { startTestServer, type TestServer, VirtualTime } from './server.ts'

export class TimedServer {
  server!: TestServer
  time!: VirtualTime

  /** To be made outside of the tests. @param start epoch ms */
  constructor(start: number) {
    beforeEach(async () => {
      this.time = new VirtualTime(start)
      this.server = await startTestServer({ clock: this.time.clock, timer: this.time.timer })
    })
    afterEach(() => this.server.stop())
  }

  /** Makes an audience; resolves with its id. */
  async audience(name: string, query: string, more: object = {}): Promise<string> {
    const { body, text } = await this.server.control('POST', 'audiences', { name, definition: { query }, ...more })
    const { audience } = (body['data'] ?? {}) as { audience?: { id: string } }
    if (!audience) throw new Error(text)
    return audience.id
  }
}
