/**
 * Values of a mapping as a line of text: `$.traits.email` reads a call, `{{event}}` is a template, JSON is a value or a
 * directive, and anything else is the text itself. What is written is read back as the same.
 */
import type { JsonValue } from './answers.ts'

/** Texts that would be read as something else stand in quotes. */
const READS_OTHERWISE = /^(\$\.|[[{"]|-?\d|true$|false$|null$|\s|$)|\{\{|\s$/

export function textOfValue(value: JsonValue | undefined): string {
  if (value === undefined) return ''
  if (typeof value === 'string') return READS_OTHERWISE.test(value) ? JSON.stringify(value) : value
  const path = onlyEntry(value, '@path')
  if (path?.startsWith('$.')) return path
  const template = onlyEntry(value, '@template')
  if (template?.includes('{{') && !template.startsWith('$.') && !isJson(template)) return template
  return JSON.stringify(value)
}

/** Reads a line; undefined if it is empty, as a field without a value of its own has it. */
export function valueOfText(text: string): JsonValue | undefined {
  if (text === '') return undefined
  if (text.startsWith('$.')) return { '@path': text }
  if (isJson(text)) return JSON.parse(text) as JsonValue
  return text.includes('{{') ? { '@template': text } : text
}

/** Says what is wrong with a line; undefined if it reads. */
export function faultOfText(text: string): string | undefined {
  const isMeantAsJson = /^(\{(?!\{)|\[|")/.test(text)
  return isMeantAsJson && !isJson(text) ? 'This is not whole JSON yet.' : undefined
}

function onlyEntry(value: JsonValue, name: string): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const found = value[name]
  return Object.keys(value).length === 1 && typeof found === 'string' ? found : undefined
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
