/**
 * Encodes events as bytes: names by number, small integers and Latin text in one byte a digit or letter.
 * Layout: name · ts (8 bytes) · arrival · ms until received · source · messageId · properties · the ids of the call, if
 * they are known: a tag, how many, their numbers · context; lengths and numbers as varints. A value is a tag and its content; every JSON value comes back as it was, lone surrogates and -0
 * included.
 */
import type { ProfileEvent } from '../../src/model/event.ts'
import type { JsonObject, JsonValue } from '../../src/model/json.ts'
import type { NameTable } from './name-table.ts'
import type { Scratch } from './scratch.ts'
import {
  ARRAY,
  DATED,
  DOUBLE,
  FALSE,
  FAR,
  INT32_SPAN,
  INTEGER,
  LATIN,
  NEVER,
  NULL,
  OBJECT,
  TRUE,
  WIDE,
  WITH_IDS,
} from './tags.ts'

/** An integer that zigzag keeps within 32 bits. */
const INTEGER_MAX = 0x3fff_ffff

/**
 * Appends an event to the scratch. Values that are no JSON fail here, before anything is changed.
 * @returns the number of its name; -1 if it has none
 */
export function writeEvent(scratch: Scratch, names: NameTable, event: ProfileEvent): number {
  const number = writeName(scratch, names, event.name)
  scratch.double(event.ts)
  scratch.varint(event.arrival)
  scratch.varint(event.receivedAt - event.ts)
  writeName(scratch, names, event.sourceId)
  scratch.text(event.messageId)
  writeObject(scratch, names, event.properties)
  if (event.ids) writeIds(scratch, event.ids)
  writeObject(scratch, names, event.context)
  return number
}

function writeIds(scratch: Scratch, ids: readonly number[]): void {
  scratch.byte(WITH_IDS)
  scratch.varint(ids.length)
  for (const id of ids) scratch.varint(id)
}

/** 0 ends an object, 1 begins a name in full, and from 2 on it is a number of the table. */
const END = 0
const IN_FULL = 1
const NUMBERED = 2

/** Appends a name that recurs; returns its number, -1 if it has none. */
export function writeName(scratch: Scratch, names: NameTable, name: string): number {
  const number = names.numberOf(name)
  if (number >= 0) scratch.varint(number + NUMBERED)
  else {
    scratch.byte(IN_FULL)
    scratch.text(name)
  }
  return number
}

function writeObject(scratch: Scratch, names: NameTable, object: JsonObject): void {
  scratch.byte(OBJECT)
  for (const key in object) {
    writeName(scratch, names, key)
    writeValue(scratch, names, object[key])
  }
  scratch.byte(END)
}

/** Appends one JSON value. */
export function writeValue(scratch: Scratch, names: NameTable, value: JsonValue | undefined): void {
  switch (typeof value) {
    case 'string':
      scratch.text(value)
      return
    case 'number':
      writeNumber(scratch, value)
      return
    case 'boolean':
      scratch.byte(value ? TRUE : FALSE)
      return
    case 'object':
      if (Array.isArray(value)) {
        scratch.list(value.length)
        for (const entry of value) writeValue(scratch, names, entry)
      } else if (value === null) scratch.byte(NULL)
      else writeObject(scratch, names, value)
      return
    case 'undefined':
      scratch.byte(NULL)
      return
    default:
      throw new TypeError(`a value of an event is a ${typeof value}, which JSON does not know`)
  }
}

function writeNumber(scratch: Scratch, value: number): void {
  if (Number.isInteger(value) && Math.abs(value) <= INTEGER_MAX && !Object.is(value, -0)) {
    scratch.byte(INTEGER)
    scratch.signed(value)
  } else {
    scratch.byte(DOUBLE)
    scratch.double(value)
  }
}

/** Reads events back from bytes; `position` moves on. */
export class EventReader {
  readonly #bytes: Buffer
  readonly #names: NameTable
  position: number

  constructor(bytes: Buffer, names: NameTable, position = 0) {
    this.#bytes = bytes
    this.#names = names
    this.position = position
  }

  /** Returns the `ts` of the event that begins here; leaves the rest unread. */
  timestamp(): number {
    this.name()
    return this.double()
  }

  /** Returns the name of the event that begins here; leaves all of it unread. */
  eventName(): string {
    const start = this.position
    const name = this.name()
    this.position = start
    return name
  }

  /** Moves on to the end of the event that begins here; returns the number of its name, -1 if it has none. */
  skipEvent(): number {
    const name = this.varint() - NUMBERED
    if (name < 0) this.#skipValue()
    this.position += 8
    this.varint()
    this.varint()
    this.#skipName()
    this.#skipValue()
    this.#skipValue()
    if (this.#hasIds()) for (let left = this.varint(); left > 0; left--) this.varint()
    this.#skipValue()
    return name
  }

  /** Tells if the ids of an event stand here; moves on to their number then. */
  #hasIds(): boolean {
    if (this.#bytes[this.position] !== WITH_IDS) return false
    this.position++
    return true
  }

  /** Moves on behind a text. */
  skipText(): void {
    this.#skipValue()
  }

  /** Tells if this very text stands here, without making it; moves on behind it only if it does. */
  isText(text: string): boolean {
    const start = this.position
    const isWide = this.byte() === WIDE
    const { length } = text
    let isSame = this.varint() === length
    for (let index = 0; isSame && index < length; index++) {
      const at = this.position + (isWide ? index * 2 : index)
      const code = isWide ? this.#bytes[at]! | (this.#bytes[at + 1]! << 8) : this.#bytes[at]
      isSame = code === text.charCodeAt(index)
    }
    this.position = isSame ? this.position + (isWide ? length * 2 : length) : start
    return isSame
  }

  /** Returns false at the end of an object. */
  #skipName(): boolean {
    const code = this.varint()
    if (code === IN_FULL) this.#skipValue()
    return code !== END
  }

  #skipValue(): void {
    const tag = this.byte()
    switch (tag) {
      case INTEGER:
        this.varint()
        return
      case DOUBLE:
        this.position += 8
        return
      case LATIN:
      case WIDE: {
        const length = this.varint()
        this.position += tag === WIDE ? length * 2 : length
        return
      }
      case ARRAY:
        for (let left = this.varint(); left > 0; left--) this.#skipValue()
        return
      case OBJECT:
        while (this.#skipName()) this.#skipValue()
    }
  }

  event(): ProfileEvent {
    const name = this.name()
    const ts = this.double()
    const arrival = this.varint()
    const receivedAt = ts + this.varint()
    const sourceId = this.name()
    const messageId = this.value() as string
    const properties = this.#object()
    const ids = this.#hasIds() ? Array.from({ length: this.varint() }, () => this.varint()) : undefined
    return { name, ts, arrival, receivedAt, sourceId, messageId, properties, context: this.#object(), ids }
  }

  byte(): number {
    return this.#bytes[this.position++]!
  }

  varint(): number {
    let value = 0
    let factor = 1
    for (;;) {
      const byte = this.#bytes[this.position++]!
      if (byte < 128) return value + byte * factor
      value += (byte - 128) * factor
      factor *= 128
    }
  }

  signed(): number {
    const zigzag = this.varint()
    return zigzag % 2 === 1 ? -(zigzag + 1) / 2 : zigzag / 2
  }

  instant(): number {
    const tag = this.byte()
    if (tag === FAR) return this.double()
    if (tag !== DATED) return tag === NEVER ? Infinity : -Infinity
    const [bytes, at] = [this.#bytes, this.position]
    const low = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    const high = ((bytes[at + 4]! | (bytes[at + 5]! << 8)) << 16) >> 16
    this.position += 6
    return high * INT32_SPAN + (low >>> 0)
  }

  int32(): number {
    this.position += 4
    return this.#bytes.readInt32LE(this.position - 4)
  }

  /** Returns so many bytes, valid as long as what they are read from. */
  raw(length: number): Buffer {
    this.position += length
    return this.#bytes.subarray(this.position - length, this.position)
  }

  /** Returns the bytes of a run. */
  run(): Buffer {
    return this.raw(this.varint())
  }

  double(): number {
    const value = this.#bytes.readDoubleLE(this.position)
    this.position += 8
    return value
  }

  /** Reads a name that recurs. */
  name(): string {
    return this.#nameOrEnd() ?? ''
  }

  #nameOrEnd(): string | undefined {
    const code = this.varint()
    if (code === END) return undefined
    return code === IN_FULL ? (this.value() as string) : this.#names.nameOf(code - NUMBERED)
  }

  #text(encoding: 'latin1' | 'utf16le', width: number): string {
    const length = this.varint() * width
    this.position += length
    return this.#bytes.toString(encoding, this.position - length, this.position)
  }

  #object(): JsonObject {
    return this.value() as JsonObject
  }

  /** Returns the length of the list that stands here; its values are next. */
  listLength(): number {
    const tag = this.byte()
    if (tag !== ARRAY) throw new RangeError(`tag ${tag} at byte ${this.position - 1}, and a list is expected`)
    return this.varint()
  }

  /** Reads one JSON value. */
  value(): JsonValue {
    const tag = this.#bytes[this.position++]
    switch (tag) {
      case NULL:
        return null
      case TRUE:
        return true
      case FALSE:
        return false
      case INTEGER:
        return this.signed()
      case DOUBLE:
        return this.double()
      case LATIN:
        return this.#text('latin1', 1)
      case WIDE:
        return this.#text('utf16le', 2)
      case ARRAY:
        return this.#list()
      case OBJECT:
        return this.#objectBody()
      default:
        throw new RangeError(`tag ${tag ?? 'missing'} at byte ${this.position - 1} of an event`)
    }
  }

  #list(): JsonValue[] {
    const list = new Array<JsonValue>(this.varint())
    for (let index = 0; index < list.length; index++) list[index] = this.value()
    return list
  }

  #objectBody(): JsonObject {
    const object: JsonObject = {}
    for (let key = this.#nameOrEnd(); key !== undefined; key = this.#nameOrEnd()) {
      if (key === '__proto__')
        Object.defineProperty(object, key, {
          value: this.value(),
          enumerable: true,
          writable: true,
          configurable: true,
        })
      else object[key] = this.value()
    }
    return object
  }
}
