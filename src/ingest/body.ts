/** Reads bodies whatever their content type says: the browser's SDK sends JSON as text, to be spared a preflight. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import express from 'express'
import { EngineError } from '../model/errors.ts'

/** Rejects where a body is larger than is allowed, or not what its headers say. */
export type BodyReader = (request: IncomingMessage, response: ServerResponse) => Promise<Buffer>

/** @param limit bytes, once they are decoded */
export function bodyReader(limit: number): BodyReader {
  const readAny: (request: IncomingMessage, response: ServerResponse) => Promise<void> = promisify(
    express.raw({ type: () => true, limit, inflate: true }),
  )
  return async (request, response) => {
    const { 'content-length': length, 'content-encoding': encoding } = request.headers
    if (encoding === undefined && Number(length) <= limit) return plainBody(request)
    await readAny(request, response)
    return bodyOf(request as { readonly body?: unknown })
  }
}

/** Reads a body that is as long as it says, and as it is: mostly one chunk, which is not copied. */
function plainBody(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)))
    request.on('error', () => reject(new EngineError('invalid_request_error', 'body: it ended before its length')))
  })
}

/** Returns what the middleware has left; nothing where there was no body. */
function bodyOf({ body }: { readonly body?: unknown }): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0)
}
