/** The contract of every store of checkpoints; each implementation runs through it. */
import { describe, expect, it } from 'vitest'
import type { CheckpointStore } from '../../src/checkpoints/checkpoint-store.ts'

/** @param make a store without checkpoints; called once for each test */
export function checkpointContract(name: string, make: () => Promise<CheckpointStore>): void {
  const bytes = (text: string) => Buffer.from(text)

  describe(`${name} as a store of checkpoints`, () => {
    it('has none at first', async () => {
      const store = await make()
      expect(await store.committed()).toEqual([])
      expect(await store.read(1, ['head'])).toEqual([undefined])
      expect(await store.read(1, [])).toEqual([])
    })

    it('gives parts back as they were written, in the order that is asked for, whatever their bytes', async () => {
      const store = await make()
      const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
      await store.begin(1)
      await store.write(1, [
        ['a', all],
        ['b', Buffer.alloc(0)],
      ])
      await store.write(1, [['c', bytes('c')]])
      await store.write(1, [])
      expect(await store.read(1, ['c', 'missing', 'a', 'b'])).toEqual([bytes('c'), undefined, all, Buffer.alloc(0)])
    })

    it('has a checkpoint once it is committed, and the one before', async () => {
      const store = await make()
      await store.write(1, [['a', bytes('1')]])
      expect(await store.committed()).toEqual([])
      await store.commit(1, undefined, '0-0')
      expect(await store.committed()).toEqual([1])
      await store.commit(2, 1, '0-0')
      await store.commit(3, 2, '0-0')
      expect(await store.committed()).toEqual([3, 2])
    })

    it('forgets what an attempt has left when that is begun anew', async () => {
      const store = await make()
      await store.write(2, [
        ['a', bytes('left over')],
        ['b', bytes('left over')],
      ])
      await store.begin(2)
      await store.write(2, [['a', bytes('new')]])
      expect(await store.read(2, ['a', 'b'])).toEqual([bytes('new'), undefined])
    })

    it('goes forward only, whatever is committed late', async () => {
      const store = await make()
      await store.commit(1, undefined, '0-0')
      await store.commit(2, 1, '0-0')
      await store.commit(1, undefined, '0-0')
      expect(await store.committed()).toEqual([2, 1])
    })

    it('forgets the parts that it is told to, and no others', async () => {
      const store = await make()
      await store.write(1, [
        ['a', bytes('a')],
        ['b', bytes('b')],
      ])
      await store.write(2, [['a', bytes('a')]])
      await store.remove(1, ['a', 'unknown'])
      await store.remove(1, [])
      expect(await store.read(1, ['a', 'b'])).toEqual([undefined, bytes('b')])
      expect(await store.read(2, ['a'])).toEqual([bytes('a')])
    })
  })
}
