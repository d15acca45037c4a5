/** The part of a process that destinations in tests may use: loopback is allowed, and it is 1970. */
import { createAddresses } from '../../destinations/contract/address-guard.ts'
import type { DestinationContext } from '../../destinations/contract/destination.ts'
import { createHttpClient } from '../../destinations/contract/node-http-client.ts'

export function contextWith(replaced: Partial<DestinationContext> = {}): DestinationContext {
  return {
    destinationId: 'dst_test',
    definitions: { ask: () => Promise.reject(new Error('no definition was expected to be asked')) },
    save: () => undefined,
    http: createHttpClient({ allowPrivate: true, userAgent: 'Rollcall/test' }),
    addresses: createAddresses(true),
    directory: '',
    print: () => undefined,
    clock: () => 0,
    ...replaced,
  }
}
