/**
 * Decides which addresses destinations may connect to: the whole internet, but nothing that is private, reserved or a
 * tunnel into such a network. A user who may set a destination's URL is not thereby inside the network of the server.
 *
 * G1. The address that is checked is the one that is connected to: a name is checked by the addresses that its lookup
 *     has given the socket.
 * G2. A name with one forbidden address among its addresses is refused whole.
 */
import { lookup as lookupByName } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { EngineError } from '../../src/model/errors.ts'

/** Beyond the reserved ranges, the address at which Azure's hosts answer their guests. */
const FORBIDDEN_IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16/32',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
]

/** All that is in use; mapped IPv4, NAT64, link-local and unique local addresses lie outside. */
const GLOBAL_IPV6 = ['2000::/3']
/** Teredo and other protocols, documentation, 6to4, AS112. */
const FORBIDDEN_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3ffe::/16', '3fff::/20']

/** `true`: all addresses are allowed; a list: these addresses and CIDRs besides the public ones. */
export type AllowPrivate = boolean | readonly string[]

/** Tells sockets that are opened past the HttpClient where they may connect to. */
export interface Addresses {
  /** False for an address that is forbidden, and for what is no address. */
  readonly isAllowed: (address: string) => boolean
  /** Looks names up as dns.lookup does; fails with a BlockedAddressError unless all its addresses are allowed. */
  readonly lookup: LookupFunction
}

/** Thrown before a connection is made. */
export class BlockedAddressError extends Error {
  override readonly name = 'BlockedAddressError'
}

/** Makes a function that tells if an address may be connected to. Throws an EngineError for a malformed list. */
export function createAddressGuard(allowPrivate: AllowPrivate): (address: string) => boolean {
  if (allowPrivate === true) return () => true
  const allowed = ranges(allowPrivate || [])
  const forbidden = ranges([...FORBIDDEN_IPV4, ...FORBIDDEN_IPV6])
  const global = ranges(GLOBAL_IPV6)
  return (address) => {
    if (isIP(address) === 0) return false
    if (contains(allowed, address)) return true
    if (isIP(address) === 6 && !contains(global, address)) return false
    return !contains(forbidden, address)
  }
}

/** Throws an EngineError for a malformed list. */
export function createAddresses(allowPrivate: AllowPrivate): Addresses {
  const isAllowed = createAddressGuard(allowPrivate)
  return { isAllowed, lookup: guardLookup(isAllowed) }
}

/** Looks names up as dns.lookup does, for a socket; fails unless the guard allows all addresses. */
export function guardLookup(
  isAllowed: (address: string) => boolean,
  lookup: LookupFunction = lookupByName,
): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) {
        callback(error, [])
        return
      }
      const addresses = typeof found === 'string' ? [{ address: found, family: isIP(found) }] : found
      const [first] = addresses
      if (!first || !addresses.every(({ address }) => isAllowed(address))) callback(new BlockedAddressError(), [])
      else if (options.all === true) callback(null, addresses)
      else callback(null, first.address, first.family)
    })
  }
}

/** A list for each family: in one list for both, a mapped address would match ranges of IPv4, and the reverse. */
type Ranges = Readonly<Record<'ipv4' | 'ipv6', BlockList>>

function ranges(entries: readonly string[]): Ranges {
  const lists: Ranges = { ipv4: new BlockList(), ipv6: new BlockList() }
  for (const entry of entries) {
    const [address = '', prefix, ...more] = entry.split('/')
    const bits = isIP(address) === 6 ? 128 : 32
    const length = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1
    if (isIP(address) === 0 || length < 0 || length > bits || more.length > 0)
      throw new EngineError('validation_error', 'allowPrivate: an IP address or a CIDR was expected', 'allowPrivate')
    lists[family(address)].addSubnet(address, length, family(address))
  }
  return lists
}

function contains(lists: Ranges, address: string): boolean {
  return lists[family(address)].check(address, family(address))
}

function family(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4'
}
