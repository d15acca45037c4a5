/**
 * `rollcall apply`: brings a running server to a file's destinations, audiences, computed traits and connections.
 *
 * A1. Nothing is changed before all of the file has been checked, and the difference is shown.
 * A2. If the server refuses a step, steps that do not need it are done all the same; but nothing is removed then.
 * A3. Once the server takes nothing any more, no further request is made.
 */
import { z } from 'zod'
import { EngineError, type ErrorCode } from '../model/errors.ts'
import { readApplyFile, type ApplyFile } from './apply-file.ts'
import { readSegmentFile, type SegmentFile } from './apply-segment.ts'
import type { Variable } from './apply-environment.ts'
import { isSame, isUnnamed, type ApplyPlan, planOf } from './apply-plan.ts'
import { readPresent } from './apply-present.ts'
import { isDisabling, lineOf, type Step } from './apply-step.ts'
import { askServer } from './client.ts'
import type { ClientOptions } from '../server/settings.ts'

export interface ApplyOptions {
  /** A file of its own form. Exactly one of the two is given. */
  readonly file?: string
  /** A file of objects of Segment's Public API. */
  readonly fromSegment?: string
  readonly prune?: boolean
  readonly dryRun?: boolean
  readonly secrets?: boolean
}

export interface ApplySetting {
  readonly client: ClientOptions
  readonly variable: Variable
  readonly write: (line: string) => void
  readonly warn: (line: string) => void
}

/**
 * Resolves with the exit status: 1 if the server refused something, or something of Segment cannot be moved. Throws an
 * InputError for a bad file.
 */
export async function apply(options: ApplyOptions, setting: ApplySetting): Promise<number> {
  const { write, warn, client } = setting
  if ((options.file === undefined) === (options.fromSegment === undefined))
    throw new EngineError('invalid_request_error', 'expected one file, by --file or by --from-segment')
  let plan: ApplyPlan
  let unmoved: readonly string[]
  try {
    const { apply: file, refused } = await readFile(options, setting)
    plan = await planFor(file, options, client)
    unmoved = refused
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    warn(`rollcall: ${error.message}\n`)
    return 1
  }
  for (const step of plan.steps) write(`${lineOf(step)}\n`)
  if (plan.steps.length === 0) write('= nothing to change\n')
  for (const line of unmoved) warn(`rollcall: ${line}\n`)
  const status = unmoved.length > 0 ? 1 : 0
  if (plan.steps.length === 0 || options.dryRun) return status
  const applying = new Applying(plan, client)
  await applying.run()
  const { done, refused } = applying
  write(`${done.length} of ${plan.steps.length} done\n`)
  if (done.length === plan.steps.length) return status
  for (const step of done) write(`done: ${lineOf(step)}\n`)
  for (const step of plan.steps)
    if (!done.includes(step)) warn(`rollcall: ${lineOf(step)}: ${refused.get(step)?.message ?? 'not tried'}\n`)
  return 1
}

async function readFile({ file, fromSegment }: ApplyOptions, setting: ApplySetting): Promise<SegmentFile> {
  if (fromSegment !== undefined) return readSegmentFile(fromSegment, setting.client)
  return { apply: readApplyFile(file!, setting.variable), refused: [] }
}

async function planFor(file: ApplyFile, options: ApplyOptions, client: ClientOptions): Promise<ApplyPlan> {
  const { prune: prunes = false, secrets: sendsSecrets = false } = options
  const present = await readPresent(
    client,
    (one) => file.definitions.some((wanted) => isSame(one, wanted)) || (prunes && isUnnamed(one, file)),
  )
  return planOf(file, present, { prunes, sendsSecrets })
}

function isOfConnection({ kind }: Step): boolean {
  return kind === 'connection' || kind === 'activation'
}

/** After these errors, every other request is refused too. Keeps A3. */
const ENDS: ReadonlySet<ErrorCode> = new Set(['unavailable', 'authentication_error', 'rate_limit_error'])
const METHODS = { '+': 'POST', '~': 'PATCH', '-': 'DELETE' } as const
const Made = z.record(z.string(), z.object({ id: z.string() }))

class Applying {
  readonly done: Step[] = []
  readonly refused = new Map<Step, EngineError>()
  readonly #steps: readonly Step[]
  readonly #ids: Map<string, string>
  readonly #client: ClientOptions
  #isOver = false

  constructor({ steps, ids }: ApplyPlan, client: ClientOptions) {
    this.#steps = steps
    this.#ids = new Map(ids)
    this.#client = client
  }

  async run(): Promise<void> {
    const isPut = ({ sign, kind }: Step, of: Step['kind']) => sign !== '-' && kind === of
    for (const step of this.#steps) if (isPut(step, 'destination')) await this.#take(step)
    await this.#takeInRounds(this.#steps.filter((step) => isPut(step, 'definition') && !isDisabling(step)))
    for (const step of this.#steps) if (step.sign === '-' || isOfConnection(step)) await this.#take(step)
    await this.#takeInRounds(this.#steps.filter(isDisabling))
  }

  /** A definition may be refused because another is still as it was: it is tried again while others succeed. */
  async #takeInRounds(steps: readonly Step[]): Promise<void> {
    for (const step of steps) await this.#take(step)
    const again = steps.filter((step) => /^(query_|definition_|in_use$)/.test(this.refused.get(step)?.code ?? ''))
    if (again.length > 0 && again.length < steps.length) await this.#takeInRounds(again)
  }

  /** Keeps A2. */
  async #take(step: Step): Promise<void> {
    if (this.#isOver || (step.sign === '-' && this.refused.size > 0)) return
    const request = this.#requestOf(step)
    if (!request) return
    try {
      const answer = await askServer(this.#client, METHODS[step.sign], request.path, request.body)
      if (step.sign === '+') this.#ids.set(step.name, Object.values(Made.parse(answer))[0]!.id)
      this.refused.delete(step)
      this.done.push(step)
    } catch (error) {
      if (!(error instanceof EngineError)) throw error
      this.refused.set(step, error)
      this.#isOver = ENDS.has(error.code)
    }
  }

  /** Returns undefined if one of its ends could not be created. */
  #requestOf({ path, body, between }: Step): { path: string; body?: object } | undefined {
    if (!between) return { path, ...(body && { body }) }
    const [definition, destination] = [between.definition, between.destination].map((name) => this.#ids.get(name))
    if (definition === undefined || destination === undefined) return undefined
    return {
      path: `${path}/${definition}/destination-connections`,
      body: { ...body, destination: { id: destination } },
    }
  }
}
