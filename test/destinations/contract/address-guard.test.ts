/**
 * No form of a forbidden address leads to a connection. A sink listens on every address of this machine, so that
 * whatever reaches it is seen; that it would see is shown with everything allowed.
 */
import { createServer, type LookupFunction } from 'node:net'
import fc from 'fast-check'
import ipaddr from 'ipaddr.js'
import { describe, expect, it } from 'vitest'
import { createAddressGuard } from '../../../destinations/contract/address-guard.ts'
import { createHttpClient, type HttpClientOptions } from '../../../destinations/contract/node-http-client.ts'
import { EngineError } from '../../../src/model/errors.ts'
import { listen, outcome, serve } from './loopback.ts'

/** As a URL has them; `PORT` is the sink's. */
const FORMS = [
  '127.0.0.1',
  '127.0.0.2',
  '127.255.255.254',
  '127.0.0.1.',
  '127.1',
  '127.0.1',
  '2130706433',
  '0x7f000001',
  '0x7f.0.0.1',
  '0x7f.1',
  '0177.0.0.1',
  '017700000001',
  '0177.0x0.0.1',
  '127.0x1',
  '%31%32%37.0.0.1',
  '１２７.０.０.１',
  '127。0。0。1',
  '①②⑦.⓪.⓪.①',
  '0.0.0.0',
  '0',
  '0x0',
  '0.1.2.3',
  '10.0.0.1',
  '10.255.255.255',
  '167772161',
  '012.0.0.1',
  '100.64.0.1',
  '100.100.100.200',
  '100.127.255.255',
  '168.63.129.16',
  '169.254.169.254',
  '0xa9fea9fe',
  '2852039166',
  '0251.0376.0251.0376',
  '169.254.43518',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.1',
  '192.0.0.192',
  '192.0.2.1',
  '192.88.99.1',
  '192.168.0.1',
  '192.168.255.255',
  '3232235777',
  '198.18.0.1',
  '198.19.255.255',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '239.255.255.250',
  '240.0.0.1',
  '255.255.255.255',
  '[::]',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[::127.0.0.1]',
  '[::7f00:1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::FFFF:0:0]',
  '[::ffff:169.254.169.254]',
  '[::ffff:8.8.8.8]',
  '[::ffff:0:127.0.0.1]',
  '[64:ff9b::127.0.0.1]',
  '[64:ff9b::a9fe:a9fe]',
  '[64:ff9b:1::7f00:1]',
  '[100::1]',
  '[2001::1]',
  '[2001:db8::1]',
  '[2002:7f00:1::]',
  '[2002:a9fe:a9fe::1]',
  '[3fff::1]',
  '[4000::1]',
  '[5f00::1]',
  '[fc00::1]',
  '[fd00::1]',
  '[fd00:ec2::254]',
  '[fe80::1]',
  '[febf::1]',
  '[fec0::1]',
  '[ff02::1]',
  'localhost',
  'LOCALHOST',
  'localhost.',
  'a.localhost',
  '127.0.0.1.nip.example',
  'example.com@127.0.0.1',
  'example.com:80@127.0.0.1',
  'example.com%40@127.0.0.1',
  '\\@127.0.0.1',
  '/127.0.0.1',
  '127.0.0.1\\@example.com',
  '127.0.0.1:PORT#@example.com',
  '127.0.0.1:PORT?@example.com',
]

const PUBLIC = ['1.1.1.1', '8.8.8.8', '100.63.255.255', '172.32.0.1', '192.0.1.1', '198.20.0.1', '223.255.255.255']
const PUBLIC_IPV6 = ['2606:4700::1111', '2a00:1450::1', '2001:4860:4860::8888']

/** The table of ranges that are not public, kept by others: `[name, network, bits]`. Its types leave it out. */
function specialRanges(prototype: object): [name: string, network: string, bits: number][] {
  type Range = readonly [network: ipaddr.IPv4 | ipaddr.IPv6, bits: number]
  const { SpecialRanges } = prototype as { SpecialRanges: Record<string, Range | readonly Range[]> }
  const isOne = (ranges: Range | readonly Range[]): ranges is Range => !Array.isArray(ranges[0])
  return Object.entries(SpecialRanges).flatMap(([name, ranges]) =>
    (isOne(ranges) ? [ranges] : ranges).map(([network, bits]): [string, string, number] => [
      name,
      network.toString(),
      bits,
    ]),
  )
}

/** An address of the network: its first bits, and those of the noise. */
function addressIn(network: string, bits: number, noise: Uint8Array): string {
  const bytes = ipaddr.parse(network).toByteArray()
  const mixed = bytes.map((byte, index) => {
    const host = 255 >> Math.min(8, Math.max(0, bits - index * 8))
    return (byte & ~host) | (noise[index]! & host)
  })
  return ipaddr.fromByteArray(mixed).toString()
}

/** All names are this machine's. */
const toLoopback: LookupFunction = (_, __, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }])

function request(url: string, options: Partial<HttpClientOptions> = {}) {
  const client = createHttpClient({ allowPrivate: false, userAgent: 'a', lookup: toLoopback, ...options })
  return client.request({ method: 'GET', url, headers: {}, signal: new AbortController().signal })
}

async function sink() {
  const server = createServer((socket) => socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\n')))
  // Of both families, where this machine has both.
  return listen(server, '::').catch(() => listen(createServer(), '0.0.0.0'))
}

function urlOf(form: string, port: number, scheme = 'http'): string {
  return `${scheme}://${form.includes('PORT') ? form.replace('PORT', String(port)) : `${form}:${port}`}/`
}

describe('with no private address allowed', () => {
  it.each(FORMS)('%s is refused, by either protocol, and nothing connects', async (form) => {
    const { port, sockets } = await sink()
    expect(await outcome(request(urlOf(form, port)))).toBe('terminal blocked_address')
    expect(await outcome(request(urlOf(form, port, 'https')))).toBe('terminal blocked_address')
    expect(await outcome(request(urlOf(form, port), { allowPrivate: [] }))).toBe('terminal blocked_address')
    expect(sockets).toEqual([])
  })

  it('so is what the system itself takes for localhost', async () => {
    const { port, sockets } = await sink()
    const client = createHttpClient({ allowPrivate: false, userAgent: 'a' })
    const { signal } = new AbortController()
    const url = urlOf('localhost', port)
    expect(await outcome(client.request({ method: 'GET', url, headers: {}, signal }))).toBe('terminal blocked_address')
    expect(sockets).toEqual([])
  })

  it.each([...specialRanges(ipaddr.IPv4.prototype), ...specialRanges(ipaddr.IPv6.prototype)])(
    'what ipaddr.js calls %s is refused: %s/%i',
    (_, network, bits) => {
      const isAllowed = createAddressGuard(false)
      const inside = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((noise) => addressIn(network, bits, noise))
      for (const fill of [0, 255])
        expect(isAllowed(addressIn(network, bits, new Uint8Array(16).fill(fill)))).toBe(false)
      fc.assert(fc.property(inside, (address) => !isAllowed(address)))
    },
  )

  it.each(PUBLIC.concat(PUBLIC_IPV6))('%s is allowed', (address) => {
    expect(createAddressGuard(false)(address)).toBe(true)
  })

  it.each(['', 'localhost', '1.2.3', '1.2.3.4.5', '::g'])('what is no address is not: %s', (text) => {
    expect(createAddressGuard(false)(text)).toBe(false)
  })
})

describe('with every address allowed', () => {
  it.each(['127.0.0.1', '2130706433', '0x7f.1', '0', '[::ffff:127.0.0.1]', 'localhost', '127.0.0.1:PORT#@example.com'])(
    '%s reaches the sink',
    async (form) => {
      const { port, sockets } = await sink()
      expect(await outcome(request(urlOf(form, port), { allowPrivate: true }))).toBe('arrived')
      expect(sockets).toHaveLength(1)
    },
  )
})

describe('with some addresses allowed', () => {
  it.each([
    [['127.0.0.1'], '127.0.0.1', 'arrived'],
    [['127.0.0.0/8', 'fd00::/8'], '127.0.0.1', 'arrived'],
    [['fd00::/8', '127.0.0.0/8'], 'localhost', 'arrived'],
    [['127.0.0.2'], '127.0.0.1', 'terminal blocked_address'],
    [['10.0.0.0/8'], 'localhost', 'terminal blocked_address'],
    [['127.0.0.1'], '[::ffff:127.0.0.1]', 'terminal blocked_address'],
    [['0.0.0.0/0'], '[::1]', 'terminal blocked_address'],
    [[], '127.0.0.1', 'terminal blocked_address'],
  ])('%j: %s is %s', async (allowPrivate, form, expected) => {
    const { port, sockets } = await sink()
    expect(await outcome(request(urlOf(form, port), { allowPrivate }))).toBe(expected)
    expect(sockets).toHaveLength(expected === 'arrived' ? 1 : 0)
  })

  it('public addresses are allowed all the same', () => {
    const isAllowed = createAddressGuard(['10.1.0.0/16', 'fd00::1'])
    expect(['1.1.1.1', '10.1.2.3', '10.2.2.3', 'fd00::1', 'fd00::2'].map(isAllowed)).toEqual([
      true,
      true,
      false,
      true,
      false,
    ])
  })

  it.each(['localhost', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '::/129', '10.0.0', '', '10.0.0.0/-1'])(
    'a list with %j in it is refused',
    (entry) => {
      expect(() => createAddressGuard([entry])).toThrow(EngineError)
    },
  )
})

describe('a name', () => {
  const PUBLIC_ADDRESS = { address: '93.184.216.34', family: 4 }
  const PRIVATE_ADDRESS = { address: '127.0.0.1', family: 4 }

  it('with a public and a private address is refused whole, in either order', async () => {
    const { port, sockets } = await sink()
    for (const both of [
      [PUBLIC_ADDRESS, PRIVATE_ADDRESS],
      [PRIVATE_ADDRESS, PUBLIC_ADDRESS],
      [PUBLIC_ADDRESS, { address: '::1', family: 6 }],
    ]) {
      const lookup: LookupFunction = (_, __, callback) => callback(null, both)
      for (const allowPrivate of [false, []])
        expect(await outcome(request(urlOf('two.example', port), { lookup, allowPrivate }))).toBe(
          'terminal blocked_address',
        )
    }
    expect(sockets).toEqual([])
  })

  it('without any address is refused', async () => {
    const lookup: LookupFunction = (_, __, callback) => callback(null, [])
    expect(await outcome(request('http://none.example/', { lookup }))).toBe('terminal blocked_address')
  })

  it('that turns private is refused from then on: it is looked up once for each connection', async () => {
    const allowed = await serve((_, answer) => answer.setHeader('Connection', 'close').end())
    const answers = ['127.0.0.1', '127.0.0.2']
    const lookup: LookupFunction = (_, __, callback) =>
      callback(null, [{ address: answers.shift() ?? 'none', family: 4 }])
    const client = createHttpClient({ allowPrivate: ['127.0.0.1'], userAgent: 'a', lookup })
    const { signal } = new AbortController()
    const url = urlOf('rebinds.example', allowed.port)
    const get = () => outcome(client.request({ method: 'GET', url, headers: {}, signal }))
    expect([await get(), answers.length, await get(), answers.length]).toEqual([
      'arrived',
      1,
      'terminal blocked_address',
      0,
    ])
    expect(allowed.sockets).toHaveLength(1)
  })
})
