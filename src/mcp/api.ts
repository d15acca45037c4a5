/** Rollcall's HTTP API, as the tools see it. They have no other way to the server. */

/** With the token of whoever runs the tools. Each method rejects with an EngineError if it is refused. */
export interface Api {
  /** Resolves with the `data` of the Control API's answer. @param path behind the space's */
  control(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<unknown>
  /** Resolves with an answer of the Profile API; a request with a body is a POST. @param path behind `collections/` */
  profile(path: string, body?: object): Promise<Record<string, unknown>>
}

/** Writes the parameters that have a value behind a path. */
export function withParameters(
  path: string,
  parameters: Readonly<Record<string, string | number | undefined>>,
): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined && value !== '') search.set(name, String(value))
  return search.size === 0 ? path : `${path}?${search.toString()}`
}
