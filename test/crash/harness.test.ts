/** The harness of the crash tests: it notices lost calls, and reads the bytes between a server and its Redis. */
import { expect, it } from 'vitest'
import { ValueReader, wordsOf } from './harness/resp.ts'
import { Rig } from './harness/rig.ts'

it('a call that does not count is noticed', async () => {
  const rig = await Rig.begin('a lost call', { redis: 'own' })
  const load = rig.load({ withSdk: false })
  await load.acknowledged(20)
  await rig.verify(load)
  rig.calls.acknowledge([rig.calls.next()])
  await expect(rig.checkCounts()).rejects.toThrow('to deeply equal')
})

it('commands and replies are found however they are cut', () => {
  const values = [
    '*2\r\n$3\r\nGET\r\n$4\r\na\r\nb\r\n',
    '+OK\r\n',
    '*2\r\n:1\r\n*1\r\n$-1\r\n',
    '*-1\r\n',
    '$0\r\n\r\n',
  ]
  const bytes = Buffer.from(values.join(''))
  for (let cut = 0; cut <= bytes.length; cut++) {
    const found: string[] = []
    const reader = new ValueReader((value) => found.push(value.toString()))
    reader.read(bytes.subarray(0, cut))
    reader.read(bytes.subarray(cut))
    expect(found).toEqual(values)
  }
  expect(wordsOf(Buffer.from(values[0]!))).toEqual(['GET', 'a\r\nb'])
})
