/** A JSON or YAML file that the user gave, with the line of each value. */
import { readFileSync } from 'node:fs'
import { LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'
import { EngineError } from '../model/errors.ts'
import { InputError } from './input-error.ts'

export type Path = readonly PropertyKey[]

export interface YamlFile {
  readonly content: unknown
  /** Makes the error of a value; it names the line of the value, or of the nearest one above it that the file has. */
  readonly fault: (path: Path, message: string) => InputError
  /** Returns a value as the schema has it. Throws an InputError. */
  readonly parse: <Schema extends z.ZodType>(schema: Schema, value: unknown, path: Path) => z.output<Schema>
  /** Calls `read`, and turns its EngineErrors into InputErrors at the field that they name. */
  readonly check: <Result>(path: Path, read: () => Result, placeOf?: (field: string) => Path) => Result
}

/**
 * Reads a file. `prepare` may change the text, but no positions in it. Throws an InputError that names file and line.
 */
export function readYamlFile(file: string, prepare = (text: string): string => text): YamlFile {
  const lines = new LineCounter()
  const text = prepare(readFileSync(file, 'utf8'))
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const lineAt = (path: Path): number => {
    for (let length = path.length; length > 0; length--) {
      const node = document.getIn(path.slice(0, length), true) as { range?: [number, number, number] } | undefined
      if (node?.range) return lines.linePos(node.range[0]).line
    }
    return 1
  }
  const broken = document.errors[0]
  if (broken) throw new InputError(file, lines.linePos(broken.pos[0]).line, broken.message)
  const fault = (path: Path, message: string): InputError => new InputError(file, lineAt(path), message)
  return {
    content: contentOf(document, fault),
    fault,
    parse: (schema, value, path) => {
      const result = schema.safeParse(value)
      if (result.success) return result.data
      const issue = result.error.issues[0]!
      const at = [...path, ...issue.path]
      const unknown = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
      throw fault([...at, ...unknown], at.length === 0 ? issue.message : `${at.join('.')}: ${issue.message}`)
    },
    check: (path, read, placeOf = (field) => field.split('.')) => {
      try {
        return read()
      } catch (error) {
        if (!(error instanceof EngineError)) throw error
        const place = error.field === undefined ? [] : placeOf(error.field)
        throw fault([...path, ...place], `${path.join('.')}: ${error.message}`)
      }
    },
  }
}

/** An alias of nothing, or too many of them, shows only here. */
function contentOf(document: { toJS(): unknown }, fault: YamlFile['fault']): unknown {
  try {
    return document.toJS()
  } catch (error) {
    throw fault([], error instanceof Error ? error.message : 'it cannot be read')
  }
}
