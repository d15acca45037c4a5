/**
 * Reads the trigger of a mapping of Segment (`type = "track" and event = "Audience Entered"`): which of our calls it is
 * for. Calls here are told apart by type and event; a trigger that looks at anything else is not known here.
 */
import type { CallKind } from '../../destinations/catalogue/catalogue.ts'
import { unsupported } from './segment-definition.ts'

interface Told {
  readonly type: string
  /** '' if it has none. */
  readonly event: string
}

/** Our calls, as the triggers of Segment see them. */
const CALLS: Readonly<Record<CallKind, Told>> = {
  identify: { type: 'identify', event: '' },
  entered: { type: 'track', event: 'Audience Entered' },
  exited: { type: 'track', event: 'Audience Exited' },
  computed: { type: 'track', event: 'Trait Computed' },
  group: { type: 'group', event: '' },
}

type Condition = (call: Told) => boolean

const TOKEN = /\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|!=|[=()!,]|[\w.$-]+|\S)/y
const LENGTH_MAX = 5_000

/** Lists the kinds of calls. Throws an EngineError if there are none, or it looks at something else. */
export function callsOfTrigger(text: string, field: string): CallKind[] {
  const condition = new TriggerParser(text, field).parse()
  const kinds = Object.entries(CALLS).filter(([, call]) => condition(call))
  if (kinds.length > 0) return kinds.map(([kind]) => kind as CallKind)
  throw unsupported(field, 'it is for none of the calls that are made here, which are of audiences and computed traits')
}

class TriggerParser {
  readonly #tokens: readonly string[]
  readonly #field: string
  #next = 0

  constructor(text: string, field: string) {
    this.#field = field
    if (text.length > LENGTH_MAX) throw unsupported(field, `expected at most ${LENGTH_MAX} characters`)
    this.#tokens = tokensOf(text)
  }

  parse(): Condition {
    const condition = this.#joined()
    if (this.#next < this.#tokens.length) throw this.#unknown()
    return condition
  }

  /** Segment reads `a and b or c` otherwise than most would: one must say which is meant. */
  #joined(): Condition {
    const conditions = [this.#single()]
    const [join] = [this.#peek()]
    while (this.#peek() === 'and' || this.#peek() === 'or') {
      if (this.#peek() !== join) throw unsupported(this.#field, 'expected parentheses around `and` beside `or`')
      this.#next++
      conditions.push(this.#single())
    }
    return join === 'or'
      ? (call) => conditions.some((condition) => condition(call))
      : (call) => conditions.every((condition) => condition(call))
  }

  #single(): Condition {
    if (this.#takes('!')) {
      const condition = this.#single()
      return (call) => !condition(call)
    }
    if (!this.#takes('(')) return this.#comparison()
    const condition = this.#joined()
    if (!this.#takes(')')) throw this.#unknown()
    return condition
  }

  #comparison(): Condition {
    const name = this.#tokens[this.#next++]
    if (name !== 'type' && name !== 'event') {
      if (name === undefined || !/^[\w.$-]+$/.test(name)) throw this.#unknown()
      throw unsupported(
        this.#field,
        `it looks at ${name.slice(0, 100)}, and calls here are told apart by type and event`,
      )
    }
    const isEqual = this.#takes('=')
    if (!isEqual && !this.#takes('!=')) throw this.#unknown()
    const quoted = this.#tokens[this.#next++]
    if (quoted === undefined || !/^["']/.test(quoted)) throw this.#unknown()
    const value = quoted.slice(1, -1).replace(/\\(.)/g, '$1')
    return (call) => (call[name] === value) === isEqual
  }

  #peek(): string | undefined {
    return this.#tokens[this.#next]?.toLowerCase()
  }

  #takes(token: string): boolean {
    if (this.#tokens[this.#next] !== token) return false
    this.#next++
    return true
  }

  #unknown() {
    return unsupported(this.#field, 'expected conditions on type and event, such as type = "identify"')
  }
}

function tokensOf(text: string): string[] {
  const tokens: string[] = []
  TOKEN.lastIndex = 0
  for (let found = TOKEN.exec(text); found; found = TOKEN.exec(text)) tokens.push(found[1]!)
  return tokens
}
