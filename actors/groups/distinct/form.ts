/** The forms that one text stands for: `10`, `'10'`. A text that has the form of an object has it packed behind it. */
import type { JsonValue } from '../../../src/model/json.ts'
import type { EventReader } from '../../packing/event-codec.ts'

export const TEXT = 0
export const NUMBER = 1
export const BOOLEAN = 2
export const OBJECT = 3

/** The number of forms. */
export const FORMS = 4

export function formOf(value: JsonValue): number {
  switch (typeof value) {
    case 'string':
      return TEXT
    case 'number':
      return NUMBER
    case 'boolean':
      return BOOLEAN
    default:
      return OBJECT
  }
}

/** Returns the value of a form. @param reader stands at the packed text */
export function formed(reader: EventReader, form: number): JsonValue {
  const text = reader.value() as string
  switch (form) {
    case NUMBER:
      return Number(text)
    case BOOLEAN:
      return text === 'true'
    case OBJECT:
      return reader.value()
    default:
      return text
  }
}
