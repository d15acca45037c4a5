/**
 * Fills `${NAME}` in a file from the environment. `$${` stands for `${`. YAML takes braces within braces for its own,
 * so these are replaced while the file is read.
 */
import type { Path, YamlFile } from './yaml-file.ts'

/** As long as the braces that they stand for, so that positions in the file stay. */
const [OPENING, CLOSING] = ['\uE000', '\uE001']
const REFERENCE = /(\$?)\$\{([^{}\n]*)(\}?)/g

/** Returns the value of a variable; undefined if it is not set, or empty. */
export type Variable = (name: string) => string | undefined

/** Hides the braces that YAML would take for its own. */
export function withHiddenBraces(text: string): string {
  return text.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => `$${OPENING}${name}${CLOSING}`)
}

/** Puts the braces back into what was read. */
export function withBraces(content: unknown): unknown {
  if (typeof content === 'string') return content.replaceAll(OPENING, '{').replaceAll(CLOSING, '}')
  if (Array.isArray(content)) return content.map(withBraces)
  if (typeof content !== 'object' || content === null) return content
  return Object.fromEntries(Object.entries(content).map(([name, value]) => [withBraces(name), withBraces(value)]))
}

/** Replaces each name in a value. Throws an InputError for a name that is not set. */
export function filledFrom(variable: Variable, value: unknown, path: Path, fault: YamlFile['fault']): unknown {
  const within = (entry: unknown, place: PropertyKey) => filledFrom(variable, entry, [...path, place], fault)
  if (Array.isArray(value)) return value.map(within)
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, within(entry, name)]))
  if (typeof value !== 'string') return value
  return value.replaceAll(REFERENCE, (reference, escape: string, name: string, end: string) => {
    if (escape !== '') return reference.slice(1)
    const isName = end !== '' && /^[A-Za-z_]\w*$/.test(name)
    if (!isName) throw fault(path, `${path.join('.')}: expected the name of a variable after \${, and $\${ for \${`)
    const found = variable(name)
    if (found === undefined) throw fault(path, `${path.join('.')}: \${${name}} is not set in the environment`)
    return found
  })
}
