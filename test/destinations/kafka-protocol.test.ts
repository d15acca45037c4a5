/** The parts of Kafka's protocol that can be held to published examples: bytes, checksums, partitions, logins. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteReader, ByteWriter } from '../../destinations/kafka/client/bytes.ts'
import { crc32c } from '../../destinations/kafka/client/crc32c.ts'
import { partitionOf } from '../../destinations/kafka/client/partition.ts'
import { encodeRecords, recordBatch, recordBytesOf } from '../../destinations/kafka/client/record-batch.ts'
import { login } from '../../destinations/kafka/client/sasl.ts'
import { outcome } from './contract/loopback.ts'
import { decodeBatch } from './kafka/decode-batch.ts'

const IDENTITY = { producerId: 7n, producerEpoch: 3, sequence: 41 }

describe('bytes', () => {
  it('are read as they were written', () => {
    const written = new ByteWriter()
      .int8(-1)
      .int16(-2)
      .int32(-3)
      .int64(-4n)
      .string('Ä🙂')
      .string(null)
      .bytes(Buffer.from('bytes'))
      .array(['a', 'b'], (item, to) => to.string(item))
      .finish()
    const reader = new ByteReader(written)
    expect([reader.int8(), reader.int16(), reader.int32(), reader.int64()]).toEqual([-1, -2, -3, -4n])
    expect([reader.string(), reader.string(), reader.bytes().toString()]).toEqual(['Ä🙂', null, 'bytes'])
    expect(reader.array((from) => from.string())).toEqual(['a', 'b'])
    expect(() => reader.int8()).toThrow(RangeError)
  })

  it.each([
    [0, [0]],
    [-1, [1]],
    [1, [2]],
    [63, [126]],
    [64, [128, 1]],
    [-65, [129, 1]],
    [300, [216, 4]],
    [1_073_741_823, [254, 255, 255, 255, 7]],
  ])('of the varint %i are %j', (value, bytes) => {
    expect([...new ByteWriter().varint(value).finish()]).toEqual(bytes)
  })

  it('that promise more than there is are refused without room for it', () => {
    const many = new ByteWriter().int32(0x7fffffff).finish()
    expect(() => new ByteReader(many).array((from) => from.int32())).toThrow(RangeError)
    expect(() => new ByteReader(many).bytes()).toThrow(RangeError)
  })
})

/** Examples of RFC 3720, and the usual one. */
it.each([
  [Buffer.from('123456789'), 0xe3069283],
  [Buffer.alloc(32), 0x8a9136aa],
  [Buffer.alloc(32, 0xff), 0x62a8ab43],
  [Buffer.from(Array.from({ length: 32 }, (_, index) => index)), 0x46dd794e],
  [Buffer.alloc(0), 0],
])('the checksum of %j is %i', (bytes, expected) => {
  expect(crc32c(bytes)).toBe(expected)
})

/** Examples of the tests of Kafka's own client. */
it.each([
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
])('the key %s has the partition that other clients give it', (key, murmur2) => {
  for (const partitions of [1, 3, 12, 2 ** 31])
    expect(partitionOf(Buffer.from(key), partitions)).toBe((murmur2 & 0x7fffffff) % partitions)
})

describe('a record batch', () => {
  it('has the bytes that Kafka describes', async () => {
    const records = await encodeRecords(
      [{ key: Buffer.from('k'), value: Buffer.from('v'), headers: { h: 'w' } }],
      'none',
    )
    const batch = recordBatch(records, IDENTITY, 1_000)
    const record = [24, 0, 0, 0, 2, 0x6b, 2, 0x76, 2, 2, 0x68, 2, 0x77]
    expect(batch.toString('hex', 0, 17)).toBe(hex(0, 8) + hex(49 + record.length, 4) + 'ffffffff' + '02')
    expect(batch.readUInt32BE(17)).toBe(crc32c(batch.subarray(21)))
    expect(batch.toString('hex', 21, 61)).toBe(
      '0000' + '00000000' + hex(1_000, 8) + hex(1_000, 8) + hex(7, 8) + '0003' + hex(41, 4) + hex(1, 4),
    )
    expect([...batch.subarray(61)]).toEqual(record)
  })

  it('is read back whole, compressed or not, and takes no more room than was thought', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 300 })
    const message = fc.record({
      key: text.map((key) => Buffer.from(key)),
      value: text.map((value) => Buffer.from(value)),
      headers: fc.dictionary(fc.string({ unit: 'binary', maxLength: 20 }), text, { noNullPrototype: true }),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(message, { minLength: 1, maxLength: 200 }),
        fc.constantFrom('none' as const, 'gzip' as const),
        async (messages, compression) => {
          const records = await encodeRecords(messages, compression)
          const decoded = decodeBatch(recordBatch(records, IDENTITY, 1_000))
          expect(decoded).toMatchObject({ ...IDENTITY, timestamp: 1_000, isCompressed: compression === 'gzip' })
          expect(decoded.messages).toEqual(
            messages.map(({ key, value, headers }) => ({ key: key.toString(), value: value.toString(), headers })),
          )
          const room = messages.reduce((sum, each) => sum + recordBytesOf(each), 0)
          if (compression === 'none') expect(records.bytes.length).toBeLessThanOrEqual(room)
        },
      ),
    )
  })
})

describe('a login by SCRAM', () => {
  /** The example of RFC 7677. */
  const CREDENTIALS = { mechanism: 'scram-sha-256', username: 'user', password: 'pencil' } as const
  const NONCE = 'rOprNGfwEbeRWgbNEkqO'
  const FIRST = 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096'
  const LAST = 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='

  /** The messages of a login to which a server answers so. */
  async function said(first: string, last: string): Promise<{ said: string[]; ended: string }> {
    const [said, answers] = [[] as string[], [first, last]]
    const exchange = (message: Buffer): Promise<Buffer> => {
      said.push(message.toString())
      return Promise.resolve(Buffer.from(answers.shift()!))
    }
    return { said, ended: await outcome(login(CREDENTIALS, exchange, NONCE)) }
  }

  it('says what the standard says', async () => {
    expect(await said(FIRST, LAST)).toEqual({
      said: [
        'n,,n=user,r=rOprNGfwEbeRWgbNEkqO',
        'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,' +
          'p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
      ],
      ended: 'arrived',
    })
  })

  it.each([
    ['a verifier of another', FIRST, 'v=AAAATRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=', 2],
    ['no verifier', FIRST, 'e=invalid-proof', 2],
    ['a nonce that is not ours', FIRST.replace('r=rOpr', 'r=xOpr'), LAST, 1],
    ['our nonce alone', FIRST.replace('%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0', ''), LAST, 1],
    ['too few iterations', FIRST.replace('4096', '4095'), LAST, 1],
    ['too many iterations', FIRST.replace('4096', '1000001'), LAST, 1],
    ['no number of iterations', FIRST.replace('4096', 'many'), LAST, 1],
    ['no salt', FIRST.replace('s=W22ZaJ0SNY7soEsUEjb6gQ==', 's='), LAST, 1],
  ])('ends at %s', async (_, first, last, messages) => {
    const { said: all, ended } = await said(first, last)
    expect(ended).toBe('retryable sasl_failed')
    expect(all).toHaveLength(messages)
  })
})

function hex(value: number, bytes: number): string {
  return value.toString(16).padStart(bytes * 2, '0')
}
