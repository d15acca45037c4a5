/** One request that brings a server nearer to a file. */
import type { DefinitionSource } from '../model/definition.ts'

export interface Step {
  readonly sign: '+' | '~' | '-'
  readonly kind: 'destination' | 'definition' | 'connection' | 'activation'
  /** `audience big_spenders`; no two that stay have the same. */
  readonly name: string
  /** The fields that change. */
  readonly fields: readonly string[]
  /** Words on what is to be done afterwards. */
  readonly note?: string
  /** The path of the request; for a new connection, the collection of its definition. */
  readonly path: string
  readonly body?: Readonly<Record<string, unknown>>
  /** For a new connection: the names of its ends. */
  readonly between?: { readonly definition: string; readonly destination: string }
}

/** `~ audience big_spenders: query`. */
export function lineOf({ sign, name, fields, note }: Step): string {
  const said = note === undefined ? fields : [...fields, note]
  return `${sign} ${name}${said.length > 0 ? `: ${said.join(', ')}` : ''}`
}

/** Returns true if after the step a definition is no more computed. */
export function isDisabling({ kind, sign, body }: Step): boolean {
  return kind === 'definition' && sign === '~' && body?.['enabled'] === false
}

export function destinationName(name: string): string {
  return `destination ${name}`
}

export function definitionName(source: Pick<DefinitionSource, 'kind' | 'key' | 'type'>): string {
  return `${source.kind === 'audience' ? 'audience' : 'computed trait'} ${keyName(source)}`
}

export function connectionName(source: Pick<DefinitionSource, 'key' | 'type'>, destination: string): string {
  return `connection ${keyName(source)} → ${destination}`
}

export function activationName(connection: string, name: string): string {
  return `activation ${name} of ${connection}`
}

/** A key may be one of users and one of accounts. */
function keyName({ key, type }: Pick<DefinitionSource, 'key' | 'type'>): string {
  return type === 'ACCOUNTS' ? `${key} (accounts)` : key
}
