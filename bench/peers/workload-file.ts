/**
 * A workload as a file, read chunk by chunk: so the memory of a process that is measured holds what its subject keeps,
 * and not the calls that are still to come. A chunk is its two lengths, its JSON, and its receive times.
 */
import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import type { Calls, Chunk } from '../harness/calls.ts'

const HEADER_BYTES = 8

export function writeWorkload(file: string, { chunks }: Calls): void {
  const descriptor = openSync(file, 'w')
  for (const { json, receivedAt } of chunks) {
    const instants = Buffer.from(Float64Array.from(receivedAt).buffer)
    const header = Buffer.alloc(HEADER_BYTES)
    header.writeUInt32LE(json.length, 0)
    header.writeUInt32LE(instants.length, 4)
    for (const part of [header, json, instants]) writeSync(descriptor, part)
  }
  closeSync(descriptor)
}

/** @param chunksMax stops after so many */
export function* readWorkload(file: string, chunksMax = Infinity): Generator<Chunk> {
  const descriptor = openSync(file, 'r')
  try {
    for (let count = 0; count < chunksMax; count++) {
      const header = Buffer.alloc(HEADER_BYTES)
      if (readSync(descriptor, header) === 0) return
      const json = Buffer.alloc(header.readUInt32LE(0))
      const instants = new Float64Array(header.readUInt32LE(4) / Float64Array.BYTES_PER_ELEMENT)
      for (const part of [json, new Uint8Array(instants.buffer)]) readSync(descriptor, part)
      yield { json, receivedAt: [...instants] }
    }
  } finally {
    closeSync(descriptor)
  }
}
