/**
 * The mock cluster of librdkafka, which runs within a process of kcat: brokers that speak Kafka's protocol and keep
 * messages in memory. A topic comes with the first question about it, and has four partitions.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'

export interface ReadMessage {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Epoch ms. */
  readonly ts: number
  /** Names and values in turn. */
  readonly headers: readonly string[]
  readonly key: string
  readonly payload: string
}

export class MockCluster {
  readonly #kcat: string
  readonly #process: ChildProcess
  /** Addresses of its brokers. */
  readonly brokers: readonly string[]

  /** Ends with the test. */
  static async start(kcat: string, brokers = 3): Promise<MockCluster> {
    // It runs for as long as its input is open, and so no longer than this process.
    const options = ['-P', '-b', 'mock', '-t', 'unused', '-X', `test.mock.num.brokers=${brokers}`, '-d', 'mock']
    const child = spawn(kcat, options, { stdio: ['pipe', 'ignore', 'pipe'] })
    const gone = once(child, 'exit')
    onTestFinished(async () => {
      child.kill('SIGKILL')
      await gone
    })
    for await (const line of createInterface(child.stderr)) {
      const found = /bootstrap\.servers=(\S+)/.exec(line)?.[1]
      if (found === undefined) continue
      child.stderr.resume()
      return new MockCluster(kcat, child, found.split(','))
    }
    throw new Error('kcat has ended before its cluster was there')
  }

  private constructor(kcat: string, child: ChildProcess, brokers: readonly string[]) {
    this.#kcat = kcat
    this.#process = child
    this.brokers = brokers
  }

  /** Ends it at once, with all that it keeps. */
  async kill(): Promise<void> {
    const gone = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await gone
  }

  /** Reads a topic from its beginning, each partition in order; checksums are checked. */
  async read(topic: string): Promise<ReadMessage[]> {
    const options = ['-C', '-e', '-q', '-J', '-o', 'beginning', '-t', topic, '-X', 'check.crcs=true']
    const text = await this.#run([...options, '-X', 'fetch.message.max.bytes=100000000'])
    return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as ReadMessage]))
  }

  /** Writes empty messages under these keys, as Kafka's own client would choose their partitions. */
  async writeByMurmur2(topic: string, keys: readonly string[]): Promise<void> {
    const options = ['-P', '-t', topic, '-K', '\t', '-X', 'topic.partitioner=murmur2']
    await this.#run(options, keys.map((key) => `${key}\t\n`).join(''))
  }

  async #run(options: readonly string[], input = ''): Promise<string> {
    const child = spawn(this.#kcat, ['-b', this.brokers.join(','), ...options], { stdio: ['pipe', 'pipe', 'inherit'] })
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.stdin.end(input)
    const code = await ended
    if (code !== 0) throw new Error(`kcat has ended with ${code ?? 'a signal'}`)
    return Buffer.concat(chunks).toString()
  }
}

/** Returns the headers of a message by name. */
export function headersOf({ headers }: ReadMessage): Record<string, string> {
  const pairs = headers.flatMap((name, index) => (index % 2 === 0 ? [[name, headers[index + 1]!] as const] : []))
  return Object.fromEntries(pairs)
}
