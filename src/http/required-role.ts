/** The role that a request to a space needs, by its method and its path. */
import type { Role } from '../model/role.ts'

/** Lists that tell who may do what, and who did. */
const ADMINS_READ = /^\/spaces\/[^/]+\/(tokens|audit-log)(\/|$)/
/** Requests that change nothing, though they have a body or make something that is for a moment. */
const ASKED = /\/(previews(\/.*)?|search|explain|destinations\/test)$/
const EDITORS_CHANGE = /^\/spaces\/[^/]+\/(audiences|computed-traits|destinations|imports)(\/|$)/
const READING: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

export function requiredRole(method: string, path: string): Role {
  if (READING.has(method)) return ADMINS_READ.test(path) ? 'admin' : 'viewer'
  if (ASKED.test(path)) return 'viewer'
  return EDITORS_CHANGE.test(path) ? 'editor' : 'admin'
}
