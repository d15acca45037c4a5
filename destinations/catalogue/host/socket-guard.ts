/**
 * Guards every socket of the process, whoever opens it: definitions bring clients of their own. Names are checked by
 * the addresses that their lookup gives, and addresses before they are connected to, after redirects too.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { isIP, Socket, type LookupFunction } from 'node:net'
import type { Addresses } from '../../contract/address-guard.ts'

/** The code of a connection that was refused before it was made. */
export const BLOCKED_CODE = 'ERR_BLOCKED_ADDRESS'

interface ConnectOptions {
  host?: string
  port?: number
  path?: string | null
  lookup?: LookupFunction
}

type Given = (this: Socket, ...parameters: readonly unknown[]) => Socket
type Connect = (socket: Socket, parameters: readonly unknown[]) => Socket

const sealed = new AsyncLocalStorage<true>()

/** Connects no socket within an act and all that it waits for, whoever opens one. */
export function withoutSockets<Result>(act: () => Result): Result {
  return sealed.run(true, act)
}

/** Puts the guard into the process, for good. */
export function guardSockets({ isAllowed, lookup }: Addresses): void {
  const prototype: object = Socket.prototype
  const given: unknown = Reflect.get(prototype, 'connect')
  const connect: Connect = (socket, parameters) =>
    Reflect.apply<Socket, readonly unknown[], Socket>(given as Given, socket, parameters)
  const guarded = function (this: Socket, ...parameters: unknown[]): Socket {
    const options = optionsOf(parameters)
    const host = options.host ?? 'localhost'
    const isSealed = sealed.getStore() === true
    if (isSealed || typeof options.path === 'string' || (isIP(host) !== 0 && !isAllowed(host))) {
      // As a failed connection is told: by an event, after the caller has had time to listen.
      process.nextTick(() => this.destroy(blocked()))
      return this
    }
    options.lookup = (hostname, asked, callback) => {
      lookup(hostname, asked, (error, address, family) => {
        callback(error?.name === 'BlockedAddressError' ? blocked() : error, address, family)
      })
    }
    const listener = parameters.flat().find((parameter) => typeof parameter === 'function')
    return connect(this, listener ? [options, listener] : [options])
  }
  Reflect.set(prototype, 'connect', guarded)
}

/** Reads the ways of naming a peer: options, a port with or without a host, a path; alone or in node's own list. */
function optionsOf(parameters: readonly unknown[]): ConnectOptions {
  const [first, second] = Array.isArray(parameters[0]) ? (parameters[0] as unknown[]) : parameters
  if (typeof first === 'object' && first !== null) return first
  if (typeof first === 'string' && !/^\d+$/.test(first)) return { path: first }
  return { port: Number(first), ...(typeof second === 'string' && { host: second }) }
}

function blocked(): NodeJS.ErrnoException {
  return Object.assign(new Error('The address is private or reserved.'), { code: BLOCKED_CODE })
}
