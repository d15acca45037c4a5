/** The exports of a space: how many there may be, for how long, and who is cut off. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { EXPORT_LIMITS, type ExportContext, type ExportLimits, Exports } from '../../src/exports/exports.ts'
import { eventually } from '../support/eventually.ts'
import { VirtualTime } from '../support/server.ts'
import { audience, Space } from '../support/space.ts'
import { contextOf, exportOf } from './given.ts'

const SEEN = audience('seen', "event('Seen').count() >= 1")
const NEVER = new AbortController().signal
const HOUR = 3_600_000
const MINUTES_5 = 300_000

let time: VirtualTime
let space: Space
let directory: string
beforeEach(() => {
  time = new VirtualTime(0)
  space = new Space(SEEN)
  for (let user = 0; user < 10; user++) space.track(`u${user}`, 'Seen')
  directory = join(mkdtempSync(join(tmpdir(), 'exports-')), 'exports')
})

function given(limits: Partial<ExportLimits> = {}, context: Partial<ExportContext> = {}): Exports {
  return new Exports({
    context: { ...contextOf(space.shard), ...context },
    timer: time.timer,
    limits: { ...EXPORT_LIMITS, ...limits },
    directory,
  })
}

function make(exports: Exports, id: string, signal = NEVER) {
  return exports.make(id, exportOf(SEEN), signal)
}

const reader = { takenBytes: () => 0, cut: () => undefined }
const REFUSED = expect.objectContaining({ code: 'rate_limit_error' }) as object

describe('exports', () => {
  it('are there for an hour after they were last read', async () => {
    const exports = given()
    const { name } = await make(exports, 'exp_1')
    expect(exports.find('exp_1')).toMatchObject({ members: 10, asOf: space.shard.clock })
    time.moveTo(HOUR - 1)
    const done = exports.read('exp_1', { ...reader, takenBytes: () => time.now })
    time.moveTo(3 * HOUR)
    expect(existsSync(join(directory, name))).toBe(true)
    done(false)
    time.moveTo(4 * HOUR - 1)
    expect(exports.find('exp_1')).toBeDefined()
    time.moveTo(4 * HOUR)
    expect(exports.find('exp_1')).toBeUndefined()
    await eventually(() => expect(readdirSync(directory)).toEqual([]))
  })

  it('are so many at most: one that was read to its end gives way, beyond that they are refused', async () => {
    const exports = given({ filesMax: 2 })
    await make(exports, 'exp_1')
    await make(exports, 'exp_2')
    exports.read('exp_1', reader)(false)
    await expect(make(exports, 'exp_3')).rejects.toEqual(REFUSED)
    exports.read('exp_2', reader)(true)
    const stillReading = exports.read('exp_2', reader)
    await expect(make(exports, 'exp_3')).rejects.toEqual(REFUSED)
    stillReading(true)
    await make(exports, 'exp_3')
    expect(['exp_1', 'exp_2', 'exp_3'].map((id) => exports.find(id) !== undefined)).toEqual([true, false, true])
  })

  it('take up so much at most together', async () => {
    const probe = given()
    const { directory: folder, name } = await make(probe, 'exp_0')
    const size = statSync(join(folder, name)).size
    const exports = given({ bytesMax: 2 * size })
    await make(exports, 'exp_1')
    await make(exports, 'exp_2')
    await expect(make(exports, 'exp_3')).rejects.toEqual(REFUSED)
    expect(exports.find('exp_3')).toBeUndefined()
    exports.read('exp_1', reader)(true)
    await make(exports, 'exp_4')
    expect(exports.find('exp_1')).toBeUndefined()
    // The lines that the others are made of count while they are there.
    const small = given({ bytesMax: size })
    await expect(small.make('exp_5', exportOf(SEEN, { format: 'formatted' }), NEVER)).rejects.toEqual(REFUSED)
    await make(small, 'exp_6')
    await eventually(() => expect(readdirSync(directory).filter((file) => /exp_[35]/.test(file))).toEqual([]))
  })

  it('are made a few at a time', async () => {
    const held: (() => void)[] = []
    const exports = given({ runningMax: 2 }, { breathe: () => new Promise((resolve) => held.push(resolve)) })
    const making = [make(exports, 'exp_1'), make(exports, 'exp_2')]
    await expect(make(exports, 'exp_3')).rejects.toEqual(REFUSED)
    const going = setInterval(() => {
      for (const go of held.splice(0)) go()
    }, 1)
    await Promise.all(making)
    clearInterval(going)
    expect(exports.find('exp_2')).toBeDefined()
  })

  it('leave nothing behind if nobody waits for one, if its definition is not computed, or if it fails', async () => {
    const leaving = new AbortController()
    const exports = given(
      {},
      {
        catchUp: () => {
          leaving.abort(new Error('left'))
          return Promise.resolve()
        },
      },
    )
    await expect(make(exports, 'exp_1', leaving.signal)).rejects.toThrow('left')
    const other = given({}, { numberOf: () => undefined })
    await expect(make(other, 'exp_2')).rejects.toMatchObject({ code: 'not_found', field: 'id' })
    const broken = given()
    const see = vi.spyOn(space.shard.reader, 'see').mockImplementation(() => {
      throw new Error('injected')
    })
    await expect(make(broken, 'exp_3')).rejects.toThrow('injected')
    see.mockRestore()
    await eventually(() => expect(readdirSync(directory)).toEqual([]))
    expect((await make(broken, 'exp_4')).members).toBe(10)
  })

  it('are of the instant to which time has come', async () => {
    const windowed = audience('now', "event('Seen').within(1 hour).count() >= 1")
    space = new Space(windowed)
    space.track('u1', 'Seen')
    const catchUp = (): Promise<void> => {
      space.until(HOUR)
      return Promise.resolve()
    }
    const { members, asOf } = await given({}, { catchUp }).make('exp_1', exportOf(windowed), NEVER)
    expect([members, asOf]).toEqual([0, space.shard.clock])
  })

  it('end with the server: those under way are refused, and no file stays', async () => {
    let breaths = 0
    const exports = given({}, { breathe: () => (breaths++ > 2 ? new Promise(() => undefined) : Promise.resolve()) })
    const stopping = given()
    await make(stopping, 'exp_1')
    await stopping.stop()
    expect(existsSync(directory)).toBe(false)
    await expect(make(stopping, 'exp_2')).rejects.toMatchObject({ code: 'unavailable' })
    expect(exports.find('exp_3')).toBeUndefined()
    let go: () => void = () => undefined
    const going = given({}, { breathe: () => new Promise((resolve) => (go = resolve)) })
    const made = make(going, 'exp_4')
    const refused = expect(made).rejects.toMatchObject({ code: 'unavailable' })
    await eventually(() => expect(readdirSync(directory)).toEqual(['exp_4.ndjson']))
    const stopped = going.stop()
    const turning = setInterval(() => go(), 1)
    await Promise.all([refused, stopped])
    clearInterval(turning)
    expect(existsSync(directory)).toBe(false)
  })

  it('that a killed server has left are removed at the start', async () => {
    mkdirSync(directory)
    writeFileSync(join(directory, 'exp_0'), 'a')
    await given().clear()
    expect(existsSync(directory)).toBe(false)
  })

  it('without a folder go into one of their own, which goes with them', async () => {
    const exports = new Exports({
      context: contextOf(space.shard),
      timer: time.timer,
      limits: EXPORT_LIMITS,
      directory: undefined,
    })
    await exports.clear()
    const { directory: folder } = await make(exports, 'exp_1')
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    await exports.stop()
    expect(existsSync(folder)).toBe(false)
  })
})

it('a reader that takes nothing any more is cut off, and one that is slow is not', async () => {
  const exports = given()
  await make(exports, 'exp_1')
  let taken = 1
  const cut = vi.fn()
  exports.read('exp_1', { takenBytes: () => taken, cut })
  for (let count = 1; count <= 5; count++) {
    taken++
    time.moveTo(count * MINUTES_5)
  }
  expect(cut).not.toHaveBeenCalled()
  time.moveTo(6 * MINUTES_5)
  expect(cut).toHaveBeenCalledOnce()
})

it('lines of NDJSON are members, with no character that some take for the end of a line', async () => {
  space.identify('u1', { note: 'a\u2028b\nc', plan: null })
  const exports = given()
  const { directory: folder, name } = await exports.make('exp_1', exportOf(SEEN, { traits: ['note', 'plan'] }), NEVER)
  const text = readFileSync(join(folder, name), 'utf8')
  const lines = text.trimEnd().split(/[\n\u2028]/)
  expect(lines).toHaveLength(10)
  expect(lines.map((line) => JSON.parse(line) as unknown)).toContainEqual({
    id: 'user_id:u1',
    externalIds: [{ type: 'user_id', value: 'u1' }],
    traits: { note: 'a\u2028b\nc' },
  })
})
