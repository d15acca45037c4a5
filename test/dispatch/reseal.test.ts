/** Secrets of destinations are brought to the present key, whatever ends the process in between. */
import { beforeEach, describe, expect, it } from 'vitest'
import { forgetUnreadable, type ResealTarget, resealSpace } from '../../src/dispatch/reseal.ts'
import { KEY_BYTES, Secrets } from '../../src/dispatch/secrets.ts'
import type { DeliveryCommand } from '../../src/model/destination.ts'
import { SpaceOutbox } from '../../src/outbox/space-outbox.ts'
import { destination } from '../outbox/given.ts'

const [lost, former, present] = [1, 2, 3].map((byte) => Buffer.alloc(KEY_BYTES, byte)) as [Buffer, Buffer, Buffer]
const rotating = new Secrets(present, [former])
const SETTINGS = { sharedSecret: 'hush' }

let outbox: SpaceOutbox
let commands: DeliveryCommand[]

beforeEach(() => {
  outbox = new SpaceOutbox(() => ({ lanes: 1, waitingMax: 1, collapseMs: 0 }))
  commands = []
})

function put(id: string, key: Buffer | undefined): void {
  const sealed = key ? new Secrets(key).seal(SETTINGS, id) : ''
  outbox.apply({ kind: 'put destination', destination: destination({ id, sealed, name: `Hook ${id}` }) })
}

/** @param most commands that it takes; the process is killed at the next */
function space(most = Infinity): ResealTarget {
  const command = (one: DeliveryCommand): Promise<void> => {
    if (commands.length >= most) return Promise.reject(new Error('killed'))
    commands.push(one)
    outbox.apply(one)
    return Promise.resolve()
  }
  return { spaceId: 'default', outbox, command }
}

function opened(secrets: Secrets): unknown[] {
  return Array.from(outbox.destinations(), ({ record: { id, sealed } }) => {
    try {
      return secrets.open(sealed, id)
    } catch {
      return 'closed'
    }
  })
}

describe('a space whose secrets a former key has sealed', () => {
  it('has them sealed anew, and nothing else changed', async () => {
    put('dst_1', former)
    put('dst_2', present)
    put('dst_3', undefined)
    const before = outbox.destination('dst_1')!.record
    expect(await resealSpace(space(), rotating)).toBe(1)
    expect(opened(new Secrets(present))).toEqual([SETTINGS, SETTINGS, {}])
    const { record } = outbox.destination('dst_1')!
    expect(commands).toEqual([{ kind: 'put destination', destination: record }])
    expect({ ...record, sealed: before.sealed }).toEqual(before)
    expect(await resealSpace(space(), rotating)).toBe(0)
    expect(commands).toHaveLength(1)
  })

  it.each([0, 1, 2])('goes on after a kill when %i of three were', async (count) => {
    for (const id of ['dst_1', 'dst_2', 'dst_3']) put(id, former)
    await expect(resealSpace(space(count), rotating)).rejects.toThrow('killed')
    expect(opened(rotating)).toEqual([SETTINGS, SETTINGS, SETTINGS])
    expect(await resealSpace(space(), rotating)).toBe(3 - count)
    expect(opened(new Secrets(present))).toEqual([SETTINGS, SETTINGS, SETTINGS])
  })
})

describe('secrets that no key opens', () => {
  beforeEach(() => {
    put('dst_1', former)
    put('dst_2', lost)
  })

  it('are refused with what to do, and nothing is changed', async () => {
    await expect(resealSpace(space(), rotating)).rejects.toMatchObject({
      code: 'validation_error',
      field: 'SECRETS_KEY',
      message:
        'SECRETS_KEY: no key opens the secrets of dst_2 of space default: give the key that sealed them as ' +
        'SECRETS_KEY, or in SECRETS_KEY_PREVIOUS; if it is lost, let `rollcall secrets forget` take them away',
    })
    expect(commands).toEqual([])
  })

  it('are taken away if that is asked for: the destination is disabled, and says what it lacks', async () => {
    const forgotten = await forgetUnreadable(space(), rotating, 5)
    expect(forgotten.map(({ id }) => id)).toEqual(['dst_2'])
    expect(outbox.destination('dst_2')!.record).toMatchObject({
      name: 'Hook dst_2',
      sealed: '',
      enabled: false,
      missing: ['sharedSecret', 'headers'],
      updatedAt: 5,
    })
    expect(outbox.destination('dst_1')!.record.enabled).toBe(true)
    expect(await resealSpace(space(), rotating)).toBe(1)
  })
})
