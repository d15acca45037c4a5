/** The state that an actor holds for one stream by itself. */
import type { JsonValue } from '../../src/model/json.ts'
import type { Scratch } from '../packing/scratch.ts'
import type { Host } from '../plan/host.ts'

export interface StreamState {
  /** Next instant at which time alone may change it; infinite if none. */
  readonly dueAt: number
  /** Moves the window on to the host's present. */
  advance(host: Host): void
  value(): JsonValue
  /** Writes all of it, to be read again. */
  write(scratch: Scratch): void
}
