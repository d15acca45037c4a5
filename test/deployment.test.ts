/** compose.cluster.yaml and kubernetes.yaml, as far as they can be checked without starting containers. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { createStartingApp } from '../src/http/app.ts'
import { listen } from '../src/http/server.ts'
import { clusterSettings, readSettings } from '../src/server/settings.ts'

const ROOT = join(import.meta.dirname, '..')
const MIB = 1024 * 1024

afterEach(() => {
  vi.unstubAllEnvs()
})

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

/** A value for each that is given from outside. */
const GIVEN: Readonly<Record<string, string>> = {
  REDIS_URL: 'redis://redis:6379',
  QUEUE_REDIS_URL: 'redis://redis:6379',
  SECRETS_KEY: Buffer.alloc(32).toString('base64'),
  JOURNAL_REPLICAS: '0',
  CLUSTER_SECRET: 'c'.repeat(32),
  WRITE_KEY: 'key',
  ACCESS_TOKEN: 'token',
  ADMIN_TOKEN: 'admin',
}

/** Reads variables as the server does; returns its settings, and the names among them that are none. */
function readAs(variables: Readonly<Record<string, string>>) {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
  const settings = readSettings()
  return { settings, unknown: Object.keys(variables).filter((name) => !(name in settings)) }
}

/** Reads the time within which a node ends, s. */
function stoppedWithinSeconds(): number {
  const found = /STOPPED_WITHIN_MS = \{[^}]*\bnode: ([\d_]+)/.exec(read('src/server/serve.ts'))?.[1]
  return Number(found?.replaceAll('_', '')) / 1000
}

/** The bytes of `6Gi`. */
function bytesOf(quantity: string): number {
  const [, count, unit] = /^(\d+)(Mi|Gi)$/.exec(quantity)!
  return Number(count) * (unit === 'Gi' ? 1024 * MIB : MIB)
}

describe('compose.cluster.yaml', () => {
  const text = read('compose.cluster.yaml')
  const { services } = parse(text, { merge: true }) as {
    services: Record<string, { environment?: Record<string, string>; stop_grace_period?: string }>
  }
  const nodes = Object.entries(services).filter(([name]) => name.startsWith('node-'))

  it('gives each of three nodes settings that there are, and its own address', () => {
    expect(nodes.length).toBe(3)
    for (const [name, { environment = {} }] of nodes) {
      const given = Object.entries(environment).map(([key, value]) => [
        key,
        value.startsWith('$') ? GIVEN[key]! : value,
      ])
      const { settings, unknown } = readAs(Object.fromEntries(given) as Record<string, string>)
      expect(unknown).toEqual([])
      expect(clusterSettings(settings)).toMatchObject({ ownership: 'bullmq', url: `http://${name}:${settings.PORT}` })
    }
  })

  it('waits for as long as a node may take to end', () => {
    for (const [, { stop_grace_period: grace }] of nodes)
      expect(Number(/^(\d+)m$/.exec(grace ?? '')?.[1]) * 60).toBeGreaterThanOrEqual(stoppedWithinSeconds())
  })

  it('has its balancer lead to all of them that are ready', () => {
    for (const [name] of nodes) expect(text).toContain(`server ${name} ${name}:8080`)
    expect(text).toContain('option httpchk GET /readyz')
  })
})

interface Variable {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: {
    readonly secretKeyRef?: { readonly name: string; readonly key: string }
    readonly fieldRef?: { readonly fieldPath: string }
  }
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string }
}

interface Container {
  readonly image: string
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[]
  readonly env: readonly Variable[]
  readonly lifecycle: { readonly preStop: { readonly exec: { readonly command: readonly string[] } } }
  readonly readinessProbe: Probe
  readonly livenessProbe: Probe
  readonly resources: Record<'requests' | 'limits', { readonly cpu: string; readonly memory: string }>
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[]
}

interface Labels {
  readonly app?: string
}

interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly spec: {
    readonly clusterIP?: string
    readonly publishNotReadyAddresses?: boolean
    readonly maxUnavailable?: number
    readonly selector: Labels & { readonly matchLabels?: Labels }
    readonly ports: readonly { readonly port: number; readonly targetPort: string }[]
    readonly serviceName: string
    readonly replicas: number
    readonly template: {
      readonly metadata: { readonly labels: Labels; readonly annotations: Readonly<Record<string, string>> }
      readonly spec: {
        readonly terminationGracePeriodSeconds: number
        readonly affinity: { readonly podAntiAffinity: Readonly<Record<string, readonly unknown[]>> }
        readonly containers: readonly Container[]
        readonly volumes: readonly { readonly name: string; readonly emptyDir: { readonly sizeLimit: string } }[]
      }
    }
  }
}

/** Puts the variables of the other ownership, which are commented out, in the place of those of this one. */
function asStatic(text: string): string {
  return text
    .replace(/^ +- \{ name: OWNERSHIP, value: bullmq \}\n/m, '')
    .replaceAll(/^( +)# (- | {2}valueFrom)/gm, '$1$2')
}

function manifestsOf(text: string): Manifest[] {
  return parseAllDocuments(text).map((document) => {
    expect(document.errors).toEqual([])
    return document.toJS() as Manifest
  })
}

/** The environment that the pod with a number has. */
function environmentOf({ spec: { template } }: Manifest, pod: number): Record<string, string> {
  const found: Record<string, string> = {}
  const fields: Record<string, string> = {
    'metadata.name': `rollcall-${pod}`,
    "metadata.labels['apps.kubernetes.io/pod-index']": String(pod),
  }
  for (const { name, value, valueFrom } of template.spec.containers[0]!.env) {
    expect(found, `${name} is given once`).not.toHaveProperty(name)
    const { secretKeyRef, fieldRef } = valueFrom ?? {}
    const given = secretKeyRef ? GIVEN[secretKeyRef.key] : fieldRef ? fields[fieldRef.fieldPath] : value
    expect(given, name).toBeDefined()
    // As Kubernetes does, of variables before this one.
    found[name] = given!.replaceAll(/\$\((\w+)\)/g, (_, other: string) => found[other]!)
  }
  return found
}

/** The environment without what only the other variables are made of. */
function settingsOf(manifest: Manifest, pod: number): Record<string, string> {
  const { POD_NAME, ...rest } = environmentOf(manifest, pod)
  expect(POD_NAME).toBe(`rollcall-${pod}`)
  return rest
}

describe('kubernetes.yaml', () => {
  const text = read('kubernetes.yaml')
  const manifests = manifestsOf(text)
  const of = (kind: string, name = 'rollcall'): Manifest =>
    manifests.find((one) => one.kind === kind && one.metadata.name === name)!
  const set = of('StatefulSet')
  const pod = set.spec.template
  const container = pod.spec.containers[0]!
  const portOf = (name: string) => container.ports.find((one) => one.name === name)?.containerPort

  it('gives each pod settings that there are, and the address by which the others reach it', () => {
    for (let ordinal = 0; ordinal < set.spec.replicas; ordinal++) {
      const { settings, unknown } = readAs(settingsOf(set, ordinal))
      expect(unknown).toEqual([])
      expect(settings.PORT).toBe(portOf('http'))
      expect(clusterSettings(settings)).toMatchObject({
        ownership: 'bullmq',
        isEngine: true,
        url: `http://rollcall-${ordinal}.${set.spec.serviceName}:${settings.PORT}`,
      })
    }
  })

  it('can be made one of static ownership, with a number for each pod', () => {
    const fixed = manifestsOf(asStatic(text)).find(({ kind }) => kind === 'StatefulSet')!
    for (let ordinal = 0; ordinal < set.spec.replicas; ordinal++) {
      const { settings, unknown } = readAs(settingsOf(fixed, ordinal))
      expect(unknown).toEqual([])
      expect(clusterSettings(settings)).toMatchObject({ ownership: 'static', nodes: set.spec.replicas, ordinal })
    }
  })

  it('has every secret by reference', () => {
    const plain = container.env.filter(({ name, value }) => value !== undefined && name in GIVEN)
    expect(plain).toEqual([])
    expect(Object.keys(GIVEN).filter((key) => !text.includes(`--from-literal=${key}=`))).toEqual([])
  })

  it('has services that lead to the pods, and one that names those that are not ready too', () => {
    const nodes = of('Service', set.spec.serviceName)
    expect(nodes.spec).toMatchObject({ clusterIP: 'None', publishNotReadyAddresses: true })
    expect(nodes.spec.ports[0]!.port).toBe(portOf('http'))
    expect(of('Service').spec.publishNotReadyAddresses).toBeUndefined()
    for (const service of [nodes, of('Service')]) {
      expect(service.spec.selector).toEqual(pod.metadata.labels)
      for (const { targetPort } of service.spec.ports) expect(portOf(targetPort)).toBeDefined()
    }
    expect(set.spec.selector.matchLabels).toEqual(pod.metadata.labels)
    expect(pod.metadata.annotations['prometheus.io/port']).toBe(String(portOf('http')))
  })

  it('keeps pods apart, and lets one go at a time', () => {
    expect(pod.spec.affinity.podAntiAffinity['requiredDuringSchedulingIgnoredDuringExecution']).toMatchObject([
      { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: pod.metadata.labels } },
    ])
    expect(of('PodDisruptionBudget').spec).toMatchObject({
      maxUnavailable: 1,
      selector: { matchLabels: pod.metadata.labels },
    })
  })

  it('waits for as long as a node may take to end, after its pause', () => {
    const pause = Number(container.lifecycle.preStop.exec.command[1])
    expect(pod.spec.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(stoppedWithinSeconds() + pause)
  })

  it('asks at paths that a server has: whether it lives, and whether it is ready', async () => {
    const { readinessProbe, livenessProbe } = container
    const http = await listen({ app: createStartingApp() }, { host: '127.0.0.1', port: 0 })
    try {
      const statusOf = async ({ httpGet }: Probe) => (await fetch(`${http.url}${httpGet.path}`)).status
      // A server that starts is alive, and not ready.
      expect([await statusOf(livenessProbe), await statusOf(readinessProbe)]).toEqual([200, 503])
    } finally {
      await http.close()
    }
    for (const { httpGet } of [readinessProbe, livenessProbe]) expect(portOf(httpGet.port)).toBeDefined()
  })

  it('has room for what its settings allow, and the image of this version', () => {
    const { settings } = readAs(settingsOf(set, 0))
    const { requests, limits } = container.resources
    expect(bytesOf(requests.memory)).toBe(bytesOf(limits.memory))
    expect(bytesOf(limits.memory)).toBeGreaterThan(2 * settings.PROFILES_MEMORY_MB * MIB)
    const data = container.volumeMounts.find(({ mountPath }) => mountPath === settings.DATA_DIR)
    const volume = pod.spec.volumes.find(({ name }) => name === data?.name)
    expect(bytesOf(volume!.emptyDir.sizeLimit)).toBeGreaterThan(settings.EXPORTS_DISK_MB * MIB)
    const { name, version } = JSON.parse(read('package.json')) as { name: string; version: string }
    expect(container.image).toBe(`${name}:${version}`)
  })

  it('has the same settings of all nodes as compose.cluster.yaml', () => {
    const { services } = parse(read('compose.cluster.yaml'), { merge: true }) as {
      services: Record<string, { environment?: Record<string, string> }>
    }
    const composed = Object.keys(services['node-1']!.environment!)
    expect(composed.filter((name) => !container.env.some((one) => one.name === name))).toEqual([])
  })
})

it('a name that is no setting is found', () => {
  const { unknown } = readAs({ ...GIVEN, OWNERSHIP: 'bullmq', LOCK_SECOND: '9' })
  expect(unknown).toEqual(['LOCK_SECOND'])
})
