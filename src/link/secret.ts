/**
 * The secret that the nodes of a cluster share: each end of a link proves that it knows it, and neither sends it. A
 * proof is for one link: both ends have chosen a number for it.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** The numbers of the two ends of a link. */
export interface Nonces {
  readonly edge: string
  readonly engine: string
}

export function newNonce(): string {
  return randomBytes(32).toString('hex')
}

export function proofOf(end: 'edge' | 'engine', secret: string, { edge, engine }: Nonces): Buffer {
  return createHmac('sha256', secret).update(`rollcall link ${end} ${edge} ${engine}`).digest()
}

/** Compares in a time that says nothing of the bytes. */
export function isProof(given: Buffer, end: 'edge' | 'engine', secret: string, nonces: Nonces): boolean {
  const expected = proofOf(end, secret, nonces)
  return given.byteLength === expected.byteLength && timingSafeEqual(given, expected)
}
