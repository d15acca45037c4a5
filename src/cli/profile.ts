/** `rollcall profile`: shows a user or an account of a running server: ids, traits, accounts or users, and history. */
import type { ClientOptions } from '../server/settings.ts'
import { askProfile } from './client.ts'

const RESOURCES = ['external_ids', 'traits', 'links', 'metadata', 'history'] as const

/** Writes one JSON object. Throws an EngineError if there is no such profile. */
export async function showProfile(id: string, client: ClientOptions, write: (line: string) => void): Promise<void> {
  const collection = id.startsWith('group_id:') || id.startsWith('acc_') ? 'accounts' : 'users'
  const shown: Record<string, unknown> = {}
  for (const resource of RESOURCES) {
    const path = `${collection}/profiles/${encodeURIComponent(id)}/${resource}`
    const answer = await askProfile(client, path)
    shown[resource] = answer['data'] ?? answer['traits'] ?? answer['metadata'] ?? answer
  }
  write(`${JSON.stringify(shown, undefined, 2)}\n`)
}
