/** Fields of bodies: which there may be, and refusals that name the one at fault. */
import { z } from 'zod'
import { EngineError, kindOf } from '../model/errors.ts'
import { parseInstant } from '../model/time.ts'

/** Kinds that zod has other words for than JSON. */
const KIND_WORDS: Readonly<Record<string, string>> = { record: 'object', int: 'whole number' }

type Issue = z.core.$ZodIssue
type Closed<Shape extends z.core.$ZodShape> = z.ZodObject<Shape, z.core.$strict>

/**
 * Makes the schema of an object that may have these fields and no other. A refusal lists them.
 * @param forGood fields that are given once, where the object is made, and are refused here for that
 */
export function fields<Shape extends z.core.$ZodShape>(
  shape: Shape,
  { forGood = [] }: { readonly forGood?: readonly string[] } = {},
): Closed<Shape> {
  const known = Object.keys(shape).join(', ')
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== 'unrecognized_keys') return undefined
      return forGood.includes(issue.keys[0]!) ? 'expected none, as it is for good' : `expected only ${known}`
    },
  })
}

/** Returns a body as the schema has it. Throws an EngineError that names the field at fault and what came in it. */
export function parsed<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const result = schema.safeParse(body)
  if (result.success) return result.data
  const issue = result.error.issues[0]!
  const path = pathOf(issue)
  throw invalid(path.join('.') || 'body', `${expectationOf(issue)}, got ${kindOf(valueAt(body, path))}`)
}

/** Returns the epoch ms of a parameter. Throws an EngineError that names it. */
export function readInstant(parameter: string, text: unknown): number {
  const instant = typeof text === 'string' ? parseInstant(text) : undefined
  if (instant !== undefined) return instant
  const came = typeof text === 'string' ? `'${text.slice(0, 40)}'` : kindOf(text)
  throw invalid(parameter, `expected an ISO 8601 instant, got ${came}`)
}

/** Makes the refusal of a field. */
export function invalid(field: string, message: string): EngineError {
  return new EngineError('validation_error', `${field}: ${message}`, field)
}

function pathOf(issue: Issue): PropertyKey[] {
  return issue.code === 'unrecognized_keys' ? [...issue.path, ...issue.keys.slice(0, 1)] : issue.path
}

function expectationOf(issue: Issue): string {
  return issue.code === 'invalid_type' ? `expected ${KIND_WORDS[issue.expected] ?? issue.expected}` : issue.message
}

function valueAt(body: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce((value, key) => (value as Record<PropertyKey, unknown> | null | undefined)?.[key], body)
}
