/** The description of the APIs: it has every route, and no other; and the page that shows it. */
import type { Router } from 'express'
import { describe, expect, it } from 'vitest'
import { nodesRouter } from '../../src/control-api/node-router.ts'
import { spacesRouter } from '../../src/control-api/space-router.ts'
import { oauthCallbackRouter } from '../../src/http/oauth-callback.ts'
import { CALL_PATHS } from '../../src/ingest/calls.ts'
import { demonstrationRouter } from '../../src/console/demonstration-router.ts'
import { consoleRouter } from '../../src/console/router.ts'
import { ingestRouter } from '../../src/ingest/router.ts'
import { OPERATIONS } from '../../src/server/operations.ts'
import { CONFIG } from '../support/server.ts'
import { TimedServer } from '../support/timed-server.ts'

const given = new TimedServer(Date.UTC(2026, 0, 31))

interface Layer {
  readonly route?: { readonly path: string; readonly methods: Readonly<Record<string, boolean>> }
  readonly handle?: { readonly stack?: readonly Layer[] }
}

/** Lists the routes of a router and of those within it, `GET /spaces/{id}`. */
function routesOf(stack: readonly Layer[]): string[] {
  return stack.flatMap(({ route, handle }) => {
    if (route) return Object.keys(route.methods).map((method) => `${method.toUpperCase()} ${pathOf(route.path)}`)
    return handle?.stack ? routesOf(handle.stack) : []
  })
}

/** An optional part of a path is there; a parameter is in braces. */
function pathOf(path: string): string {
  return path.replace(/[{}]/g, '').replace(/:(\w+)/g, '{$1}')
}

function stackOf(router: Router): readonly Layer[] {
  return router.stack as unknown as readonly Layer[]
}

describe('the description', () => {
  it('has all routes, and no other', () => {
    const none = undefined as never
    const routers = [
      given.server.spaces.open(CONFIG.spaceId)!.router,
      ingestRouter({ take: none, isWriteKey: none, isSecure: false }),
      oauthCallbackRouter({ finish: none }),
      spacesRouter({ grantOf: none, clock: none, spaces: none }),
      nodesRouter({ grantOf: none, list: none, drain: none }),
      demonstrationRouter({ grantOf: none, demonstration: none }),
      consoleRouter({ folder: '', sessions: none, grantOf: none, isSecure: false }),
    ]
    const calls = CALL_PATHS.map((path) => `POST ${path}`)
    const routes = [...routers.flatMap((router) => routesOf(stackOf(router))), ...calls]
    // The older name of the same, and what browsers ask before they ask.
    const isPage = (route: string): boolean => /^GET \/(app(\/\*page)?)?$/.test(route)
    const isOlder = (route: string): boolean => route.includes('/v1/namespaces') || route.startsWith('OPTIONS')
    const wanted = routes.filter((route) => !isOlder(route) && !isPage(route))
    const described = OPERATIONS.filter(({ tag }) => tag !== 'Health').map(
      ({ method, path }) => `${method.toUpperCase()} ${path}`,
    )
    expect(described.sort()).toEqual([...new Set(wanted)].sort())
  })

  it('is OpenAPI 3.1, with the bodies as they are checked', async () => {
    const document = (await (await fetch(`${given.server.url}/openapi.json`)).json()) as {
      openapi: string
      paths: Record<
        string,
        Record<string, { operationId: string; requestBody?: { content: Record<string, { schema: object }> } }>
      >
    }
    expect(document.openapi).toBe('3.1.0')
    const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods))
    expect(operations).toHaveLength(OPERATIONS.length)
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(OPERATIONS.length)
    const made = document.paths['/spaces/{spaceId}/audiences']!['post']!.requestBody!.content['application/json']!
    expect(made.schema).toMatchObject({
      type: 'object',
      required: ['name', 'definition'],
      additionalProperties: false,
      properties: { audienceType: { enum: ['USERS', 'ACCOUNTS'] } },
    })
  })

  it('is a page to be read, too', async () => {
    const response = await fetch(`${given.server.url}/docs`)
    const text = await response.text()
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    for (const { path } of OPERATIONS) expect(text).toContain(path)
    expect(text).not.toContain('<script')
  })
})
