/** The role that a request to a space needs, by its method and its path. */
import type { Role } from '../model/role.ts'

/** Lists of who may do what, and of who did; and all of a space at once. */
const ADMINS_READ = /^\/spaces\/[^/]+\/(tokens|audit-log|backup)(\/|$)/
/** Requests that change nothing, though they have a body or make something that is for a moment. */
const ASKED = /\/(previews(\/.*)?|search|explain)$/
const EDITORS_CHANGE = /^\/spaces\/[^/]+\/(audiences|computed-traits|destinations|imports?)(\/|$)/
const READING: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

export function requiredRole(method: string, path: string): Role {
  if (READING.has(method)) return ADMINS_READ.test(path) ? 'admin' : 'viewer'
  if (ASKED.test(path)) return 'viewer'
  return EDITORS_CHANGE.test(path) ? 'editor' : 'admin'
}
