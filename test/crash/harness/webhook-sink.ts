/** A webhook of the test's: what has come, by id, in the order in which it came first; healthy, failing or hanging. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

interface TraitCall {
  readonly messageId: string
  readonly userId: string
  readonly traits: Readonly<Record<string, number>>
}

export type Temper = 'healthy' | 'failing' | 'hanging'

export class WebhookSink {
  /** Requests, failed ones too. */
  requests = 0
  /** Calls that came again. */
  repeats = 0
  readonly #ids = new Set<string>()
  /** By user: values of the trait, each when it came first. */
  readonly #values = new Map<string, number[]>()
  readonly #server: Server

  static async open(temper: Temper, trait: string, random: () => number): Promise<WebhookSink> {
    const sink = new WebhookSink(temper, trait, random)
    await new Promise<void>((resolve) => sink.#server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      sink.#server.closeAllConnections()
      sink.#server.close()
    })
    return sink
  }

  private constructor(temper: Temper, trait: string, random: () => number) {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        this.requests++
        if (temper === 'hanging') return
        const isFailing = temper === 'failing' && random() < 0.1
        if (!isFailing) this.#take(JSON.parse(Buffer.concat(chunks).toString()) as TraitCall | TraitCall[], trait)
        response.writeHead(isFailing ? 500 : 200).end()
      })
    })
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  valuesOf(user: string): readonly number[] {
    return this.#values.get(user) ?? []
  }

  #take(body: TraitCall | TraitCall[], trait: string): void {
    for (const { messageId, userId, traits } of Array.isArray(body) ? body : [body]) {
      if (this.#ids.has(messageId)) {
        this.repeats++
        continue
      }
      this.#ids.add(messageId)
      const values = this.#values.get(userId)
      if (values) values.push(traits[trait]!)
      else this.#values.set(userId, [traits[trait]!])
    }
  }
}
