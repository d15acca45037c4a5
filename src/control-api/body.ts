/** Bodies of requests: read whole, up to a limit, whatever their content type says. */
import express, { type RequestHandler } from 'express'
import { parseJson } from '../model/json-body.ts'

const JSON_BYTES_MAX = 100 * 1024

/** Makes a middleware that reads a body as bytes; it stays undefined if the request has none. */
export function readBytes(bytesMax: number): RequestHandler {
  return express.raw({ type: () => true, limit: bytesMax })
}

/** Makes middlewares that read a body as JSON; it stays undefined if the request has none. */
export function readJson(bytesMax = JSON_BYTES_MAX): RequestHandler[] {
  return [readBytes(bytesMax), parseBody]
}

const parseBody: RequestHandler = (request, _response, next) => {
  const bytes = bytesOf(request.body)
  request.body = bytes.length === 0 ? undefined : parseJson(bytes)
  next()
}

/** Returns a body that `readBytes` has read; no bytes if the request had none. */
export function bytesOf(body: unknown): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0)
}
