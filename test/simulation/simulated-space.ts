/**
 * A space whose servers crash, one after another, on one disk; a client that sends again what was not answered; and the
 * transitions that went live. Everything follows from the seed.
 */
import type { Shard } from '../../actors/shard.ts'
import type { RestLimits } from '../../actors/shard-state.ts'
import type { SpaceCommand } from '../../src/control-api/record.ts'
import { parseBody, readRequest } from '../../src/ingest/read-request.ts'
import { EngineError } from '../../src/model/errors.ts'
import type { DefinitionSource } from '../../src/model/definition.ts'
import type { Transition } from '../../src/model/transition.ts'
import { Pipeline } from '../../src/pipeline.ts'
import type { OracleInput } from '../oracle/oracle.ts'
import { VirtualTime } from '../support/server.ts'
import { type Chance, Fate, type Odds } from './fate.ts'
import { Disk, SimulatedCheckpoints, SimulatedJournal } from './simulated-disk.ts'

/** One server, from its start to its end. */
interface Process {
  readonly fate: Fate
  readonly time: VirtualTime
  pipeline: Pipeline | undefined
}

const STARTS_MAX = 1_000

export class SimulatedSpace {
  readonly disk = new Disk<SpaceCommand>()
  readonly live: Transition[] = []
  starts = 0
  /** Inputs that a server took that had lost the space to another. */
  takenByOthers = 0
  readonly #chance: Chance
  readonly #odds: Odds
  #now = 0
  #process: Process | undefined

  constructor(chance: Chance, odds: Odds) {
    this.#chance = chance
    this.#odds = odds
  }

  /** Ends in order, however many servers that needs: resolves with the engine of the last. */
  async finish(): Promise<Shard> {
    for (;;) {
      const { pipeline, fate } = await this.#running()
      const isStopped = await Promise.race([pipeline!.stop().then(() => true), fate.death.then(() => false)])
      if (isStopped && !fate.isDead) return pipeline!.shard
      fate.die()
    }
  }

  /** Resolves when an input is taken for good, however many servers that needs. */
  async take(input: OracleInput): Promise<void> {
    await this.#moveTo(Math.max(this.#now, input.receivedAt))
    while (!(await this.#send(await this.#running(), input)));
    // A client that has not heard the answer sends again what was taken.
    if (input.kind === 'call' && this.#chance.is(0.1)) while (!(await this.#send(await this.#running(), input)));
    if (this.#chance.is(0.02)) await this.#stop()
    if (input.kind === 'call' && this.#chance.is(0.02)) await this.#replace(input)
  }

  async #moveTo(instant: number): Promise<void> {
    await this.#running()
    this.#now = instant
    this.#process!.time.moveTo(instant)
  }

  /** False where the server has died, or has refused to go on, before it answered. */
  async #send({ pipeline, fate }: Process, input: OracleInput): Promise<boolean> {
    const taken = submit(pipeline!, input).then(
      () => true,
      (error: unknown) => {
        // What breaks a rule is answered with that.
        if (error instanceof EngineError && error.code !== 'unavailable') return true
        return false
      },
    )
    const isTaken = await Promise.race([taken, fate.death.then(() => false)])
    if (!isTaken) fate.die()
    return isTaken
  }

  /** Another server takes the space over, while the first still runs. */
  async #replace(input: OracleInput): Promise<void> {
    const before = await this.#running()
    this.#process = undefined
    await this.#running()
    if (await this.#send(before, input)) this.takenByOthers++
    before.fate.die()
  }

  async #stop(): Promise<void> {
    const { pipeline, fate } = await this.#running()
    await Promise.race([pipeline!.stop(), fate.death])
    fate.die()
  }

  async #running(): Promise<Process> {
    while (!this.#process?.pipeline || this.#process.fate.isDead) {
      if (++this.starts > STARTS_MAX) throw new Error(`it does not come up within ${STARTS_MAX} starts`)
      if (this.#chance.is(0.1)) this.disk.damage(this.#chance)
      await this.#start()
    }
    return this.#process
  }

  async #start(): Promise<void> {
    const fate = new Fate(this.#chance, this.#odds)
    const time = new VirtualTime(this.#now)
    const process: Process = { fate, time, pipeline: undefined }
    this.#process = process
    const journal = new SimulatedJournal(this.disk, fate)
    const opening = Pipeline.open({
      journal,
      checkpoints: new SimulatedCheckpoints(this.disk, fate),
      clock: time.clock,
      timer: (callback, delayMs) => time.timer(() => fate.isDead || callback(), delayMs),
      rest: this.#rest(),
      checkpointLimits: {
        intervalMs: this.#chance.of([1, 1_000, 3_600_000]),
        bytesMax: this.#chance.of([1, 500, 5_000, 1_000_000]),
      },
      onFailure: () => fate.die(),
    })
    const opened = await Promise.race([opening.catch((cause: unknown) => this.#refused(fate, cause)), fate.death])
    if (!opened || fate.isDead) return
    opened.changes$.subscribe({
      next: (transition) => fate.isDead || this.live.push(transition),
      error: () => undefined,
    })
    process.pipeline = opened
    time.moveTo(this.#now)
  }

  /** A start that fails is the end of the process; that it finds less than was acknowledged is a fault of ours. */
  #refused(fate: Fate, cause: unknown): undefined {
    fate.die()
    const message = cause instanceof Error ? cause.message : ''
    if (/^(store: WRONGTYPE|another server)/.test(message)) return undefined
    throw new Error('the space cannot be recovered', { cause })
  }

  #rest(): RestLimits {
    return {
      idleMs: this.#chance.of([0, 1_000, Infinity]),
      awakeMax: this.#chance.of([0, 1, 3, Infinity]),
      bytesMax: this.#chance.of([0, 2_000_000, Infinity]),
    }
  }
}

async function submit(pipeline: Pipeline, input: OracleInput): Promise<void> {
  switch (input.kind) {
    case 'call': {
      const body = Buffer.from(JSON.stringify({ batch: [input.call] }))
      const { calls } = readRequest('batch', parseBody(body))
      await pipeline.ingest({ endpoint: 'batch', sourceId: input.sourceId ?? '', body, calls })
      return
    }
    case 'define':
      return pipeline.command({ kind: 'define', record: recordOf(input.definition, input.receivedAt) })
    case 'remove':
      return pipeline.command({ kind: 'remove', id: idOf(input) })
    case 'tick':
      return Promise.resolve()
  }
}

function idOf({ type, key }: Pick<DefinitionSource, 'type' | 'key'>): string {
  return `${type} ${key}`
}

function recordOf(source: DefinitionSource, at: number) {
  const { includeHistoricalData = true, includeAnonymousUsers = false } = source
  return {
    id: idOf(source),
    name: source.key,
    description: '',
    enabled: true,
    createdAt: at,
    updatedAt: at,
    source,
    options: { includeHistoricalData, includeAnonymousUsers },
  }
}
