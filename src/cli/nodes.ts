/** `rollcall nodes` and `rollcall drain`: the nodes of a cluster, and one of them that is to let go of its spaces. */
import { z } from 'zod'
import type { ClientOptions } from '../server/settings.ts'
import { askInstallation } from './client.ts'

const Node = z.object({
  id: z.string(),
  url: z.string(),
  roles: z.array(z.string()),
  status: z.string(),
  load: z.number(),
  spaces: z.array(z.string()),
})
const Nodes = z.object({ nodes: z.array(Node) })
const Changed = z.object({ node: Node })

export async function listNodes(client: ClientOptions, write: (line: string) => void): Promise<void> {
  const { nodes } = Nodes.parse(await askInstallation(client, 'GET', 'nodes'))
  for (const node of nodes) write(lineOf(node))
}

/** @param isDrained false: it takes spaces again */
export async function drainNode(
  id: string,
  isDrained: boolean,
  client: ClientOptions,
  write: (line: string) => void,
): Promise<void> {
  const path = `nodes/${encodeURIComponent(id)}`
  const { node } = Changed.parse(await askInstallation(client, 'PATCH', path, { drained: isDrained }))
  write(lineOf(node))
}

function lineOf({ id, url, roles, status, load, spaces }: z.infer<typeof Node>): string {
  return `${[id, url, roles.join(','), status, `load ${load}`, spaces.join(',') || '-'].join('\t')}\n`
}
