/** The description of all APIs, as OpenAPI 3.1 and as a page to be read. */
import { type Request, type Response, Router } from 'express'
import { z } from 'zod'
import { ERRORS } from '../model/errors.ts'
import { type Credential, type Operation, OPERATIONS } from './operations.ts'

const SECURITY: Readonly<Record<Credential, readonly object[]>> = {
  'write key': [{ writeKey: [] }],
  'access token': [{ bearer: [] }, { basic: [] }],
  none: [],
}

/** Makes the document. */
export function openApiDocument(): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const operation of OPERATIONS) (paths[operation.path] ??= {})[operation.method] = described(operation)
  return {
    openapi: '3.1.0',
    info: {
      title: 'Rollcall',
      version: '1',
      description: 'Real-time audiences that a company runs itself. Errors have a code, and name the field at fault.',
    },
    tags: [...new Set(OPERATIONS.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        writeKey: { type: 'http', scheme: 'basic', description: 'A write key as user name, or in the body.' },
        bearer: { type: 'http', scheme: 'bearer', description: 'An access token.' },
        basic: { type: 'http', scheme: 'basic', description: 'An access token as user name; for the Profile API.' },
      },
      schemas: { Json: {}, ErrorCode: { type: 'string', enum: Object.keys(ERRORS) } },
    },
  }
}

function described({ path, tag, summary, credential, query, body, answer, method }: Operation): object {
  const inPath = Array.from(path.matchAll(/\{(\w+)\}/g), ([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: name === 'collection' ? { type: 'string', enum: ['users', 'accounts'] } : { type: 'string' },
  }))
  const inQuery = query.map((name) => ({ name, in: 'query', schema: { type: 'string' } }))
  return {
    operationId: `${method}${path.replace(/\W+(\w)?/g, (_all, letter: string | undefined) => (letter ?? '').toUpperCase())}`,
    tags: [tag],
    summary,
    security: SECURITY[credential],
    ...(inPath.length + inQuery.length > 0 && { parameters: [...inPath, ...inQuery] }),
    ...(body && { requestBody: { content: { 'application/json': { schema: schemaOf(body) } } } }),
    responses: {
      200: { description: 'Done', content: { [answer]: {} } },
      ...(credential !== 'none' && { '4XX': { description: 'Refused, with a code of `ErrorCode`' } }),
    },
  }
}

function schemaOf(body: z.ZodType): object {
  const schema: Record<string, unknown> = z.toJSONSchema(body, { io: 'input', unrepresentable: 'any' })
  delete schema['$schema']
  // What refers to itself is any JSON: a setting, say.
  delete schema['$defs']
  const text = JSON.stringify(schema).replaceAll(/"#\/\$defs\/\w+"/g, '"#/components/schemas/Json"')
  return JSON.parse(text) as object
}

/** Serves the document at `/openapi.json`, and the page at `/docs`. */
export function openApiRouter(): Router {
  const router = Router({ caseSensitive: true })
  let document: object | undefined
  router.get('/openapi.json', (_request: Request, response: Response) => {
    response.json((document ??= openApiDocument()))
  })
  router.get('/docs', (_request: Request, response: Response) => {
    response.set('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'")
    response.type('html').send(referencePage())
  })
  return router
}

const STYLE = `
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
td { border-top: 1px solid #8884; padding: .3rem .5rem; vertical-align: top }
code { font: 14px ui-monospace, monospace }
`

/** Makes the page: the operations by what they are about. */
function referencePage(): string {
  const tags = [...new Set(OPERATIONS.map(({ tag }) => tag))]
  const sections = tags.map((tag) => {
    const rows = OPERATIONS.filter((operation) => operation.tag === tag).map(rowOf)
    return `<h2>${escaped(tag)}</h2><table>${rows.join('')}</table>`
  })
  return [
    '<!doctype html><html lang="en"><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">',
    `<title>Rollcall: HTTP API</title><style>${STYLE}</style>`,
    '<h1>HTTP API</h1><p>All operations. <a href="/openapi.json">openapi.json</a> has them for programs.</p>',
    ...sections,
    '</html>',
  ].join('\n')
}

function rowOf({ method, path, summary, credential, query }: Operation): string {
  const parameters = query.length > 0 ? `<br><code>?${query.map(escaped).join(' ')}</code>` : ''
  const cells = [
    `<code>${method.toUpperCase()}</code>`,
    `<code>${escaped(path)}</code>${parameters}`,
    escaped(summary),
    escaped(credential),
  ]
  return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
}
