/**
 * Faults that the tests of durability must see: each is a small change of one file of the product. A fault that is
 * found in the field, and could come again, belongs here too.
 */

const SIMULATION = 'test/simulation'
const RECOVERY = 'test/space/recovery.test.ts'
const REDIS_JOURNAL = 'test/journal/redis-journal.test.ts'
const STATE = 'test/actors/engine/state.test.ts'

export const MUTANTS = [
  {
    name: 'a request is answered before the journal has it',
    file: 'src/journal/writer.ts',
    find: 'Promise.all([journal.append(journalled), prepare(entry.made)])',
    replace: 'Promise.all([void journal.append(journalled).catch(() => undefined), prepare(entry.made)])',
    caughtBy: [SIMULATION],
  },
  {
    name: 'receive times begin anew after a recovery',
    file: 'src/space/pipeline.ts',
    find: 'lastReceivedAt: receivedAt,',
    replace: 'lastReceivedAt: 0,',
    caughtBy: [SIMULATION],
  },
  {
    name: 'receive times begin anew after a checkpoint with nothing behind it',
    file: 'src/space/recovery.ts',
    find: 'receivedAt: manifest.receivedAt,',
    replace: 'receivedAt: 0,',
    caughtBy: [SIMULATION],
  },
  {
    name: 'time acts without an entry of the journal',
    file: 'src/space/pipeline.ts',
    find: "this.#writer.submit({ kind: 'tick', dueAt }).catch(() => undefined)",
    replace: "this.shard.apply({ kind: 'tick', receivedAt: dueAt + 1 })",
    caughtBy: [SIMULATION],
  },
  {
    name: 'a server that has lost the journal goes on',
    file: 'src/journal/redis-journal.ts',
    find: "if (answer !== 'stored' && answer !== 'already') throw this.#lost(String(answer))",
    replace: 'if (!answer) throw this.#lost(String(answer))',
    caughtBy: [SIMULATION],
  },
  {
    name: 'a server that has lost the journal commits its checkpoint',
    file: 'src/checkpoints/redis-checkpoints.ts',
    find: 'if (owner !== 0) throw',
    replace: 'if (owner === undefined) throw',
    caughtBy: ['test/checkpoints/redis-checkpoints.test.ts'],
  },
  {
    name: 'the script that fences checkpoints looks at nobody',
    file: 'src/checkpoints/checkpoint-scripts.ts',
    find: 'if epoch ~= tonumber(ARGV[1]) then return epoch end',
    replace: '',
    caughtBy: ['test/checkpoints/redis-checkpoints.test.ts'],
  },
  {
    name: 'an append that was repeated is taken for one that was not stored',
    file: 'src/journal/redis-journal.ts',
    find: " && answer !== 'already'",
    replace: '',
    caughtBy: [REDIS_JOURNAL],
  },
  {
    name: 'an append is repeated under another id',
    file: 'src/journal/redis-journal.ts',
    find: 'const answer = await this.#retrying(() => this.#redis.eval(APPEND, 1, this.#options.key, this.#tail, id, bytes))',
    replace: `let attempts = 0
    const idOfAttempt = () => (attempts++ === 0 ? id : \`\${this.#epoch}-\${++this.#sequence}\`)
    const answer = await this.#retrying(() =>
      this.#redis.eval(APPEND, 1, this.#options.key, this.#tail, idOfAttempt(), bytes),
    )`,
    caughtBy: [REDIS_JOURNAL],
  },
  {
    name: 'the script that appends stores a repeat once more',
    file: 'src/journal/journal-scripts.ts',
    find: "if tail == ARGV[2] then return 'already' end",
    replace:
      "if tail == ARGV[2] then redis.call('XADD', KEYS[1], ARGV[2] .. '9', 'entry', ARGV[3]) return 'stored' end",
    caughtBy: [REDIS_JOURNAL],
  },
  {
    name: 'trouble that ends with a refusal is never over',
    file: 'src/redis/ask-until-answered.ts',
    find: 'onTrouble(undefined)\n        throw cause',
    replace: 'void 0\n        throw cause',
    caughtBy: [REDIS_JOURNAL],
  },
  {
    name: 'an entry of the journal is read whatever its checksum says',
    file: 'src/journal/journal-codec.ts',
    find: 'crc32(bytes.subarray(5)) !== bytes.readUInt32LE(1)',
    replace: 'bytes.readUInt32LE(1) < 0',
    caughtBy: ['test/journal/journal-codec.test.ts', REDIS_JOURNAL],
  },
  {
    name: 'a part of a checkpoint is read whatever its checksum says',
    file: 'src/checkpoints/checkpoint-codec.ts',
    find: 'crc32(rest) !== bytes.readUInt32LE(1)',
    replace: 'bytes.readUInt32LE(1) < 0',
    caughtBy: [SIMULATION],
  },
  {
    name: 'a page that deliveries are about to look at leaves memory',
    file: 'actors/engine/resident-pages.ts',
    find: 'for (const page of looksAt) this.#roster.touch(page)',
    replace: '',
    caughtBy: ['test/checkpoints/cold-pages.test.ts'],
  },
  {
    name: 'pages leave memory between what an entry asks for and its application',
    file: 'actors/engine/resident-pages.ts',
    find: 'this.#areManyStored = true',
    replace: 'this.#roster.releasePages(0, LOOKS_MANY)',
    caughtBy: ['test/checkpoints/cold-pages.test.ts'],
  },
  {
    name: 'a page that has not been read yet is taken for one that has left memory',
    file: 'actors/memory/roster.ts',
    find: 'return isAnybodyThere',
    replace: 'return true',
    caughtBy: ['test/checkpoints/cold-pages.test.ts'],
  },
  {
    name: 'a page leaves memory that only the checkpoint at hand has',
    file: 'actors/memory/pages.ts',
    find: 'this.#states[page] === CLEAN',
    replace: '(this.#states[page]! & DIRTY) === 0',
    caughtBy: ['test/checkpoints/cold-pages.test.ts'],
  },
  {
    name: 'a call that arrives late begins a checkpoint anew',
    file: 'src/checkpoints/checkpoint-scripts.ts',
    find: "if redis.call('HGET', KEYS[2], 'begun') == ARGV[1] then return 0 end",
    replace: '',
    caughtBy: ['test/checkpoints/redis-checkpoints.test.ts'],
  },
  {
    name: 'a call that arrives late commits an older checkpoint',
    file: 'src/checkpoints/checkpoint-scripts.ts',
    find: 'if newest and tonumber(newest) > tonumber(ARGV[2]) then return 0 end',
    replace: '',
    caughtBy: ['test/checkpoints/redis-checkpoints.test.ts'],
  },
  {
    name: 'a checkpoint that is damaged ends the recovery',
    file: 'src/space/recovery.ts',
    find: 'if (!(cause instanceof CheckpointDamagedError)) throw cause',
    replace: 'throw cause',
    caughtBy: [SIMULATION],
  },
  {
    name: 'a checkpoint that is ahead of the journal is taken',
    file: 'src/space/recovery.ts',
    find: 'if (journal.nextPosition < first)',
    replace: 'if (journal.nextPosition < 0)',
    caughtBy: [RECOVERY],
  },
  {
    name: 'an entry that is missing is passed over',
    file: 'src/space/recovery.ts',
    find: 'if (position !== next) throw',
    replace: 'if (position < next) throw',
    caughtBy: [RECOVERY],
  },
  {
    name: 'the journal is trimmed behind the newest checkpoint',
    file: 'src/checkpoints/checkpointer.ts',
    find: 'return this.#before?.place',
    replace: 'return this.#newest?.place',
    caughtBy: [SIMULATION],
  },
  {
    name: 'the journal is trimmed before the checkpoint is committed',
    file: 'src/checkpoints/checkpoint-schedule.ts',
    find: 'const summary = await checkpointer.make(this.#nextNumber++, made)',
    replace: 'await trim(made.journalId)\n      const summary = await checkpointer.make(this.#nextNumber++, made)',
    caughtBy: [SIMULATION],
  },
  {
    name: 'a checkpoint is made of what a failure has left',
    file: 'src/space/pipeline.ts',
    find: 'this.#checkpoints?.abandon()',
    replace: '',
    caughtBy: [RECOVERY],
  },
  {
    name: 'a checkpoint says that it holds one entry more than it does',
    file: 'src/space/space-checkpoints.ts',
    find: 'position: this.#position,',
    replace: 'position: this.#position + 1,',
    caughtBy: [SIMULATION],
  },
  {
    name: 'a part is removed that the checkpoint before still needs',
    file: 'src/checkpoints/checkpoint-parts.ts',
    find: 'if (others.every(({ pages }) => pages[page] !== writer)) add(',
    replace: 'if (others.some(({ pages }) => pages[page] !== writer)) add(',
    caughtBy: ['test/checkpoints/checkpoint-parts.test.ts'],
  },
  {
    name: 'a chunk of fingerprints is never written anew',
    file: 'src/checkpoints/checkpointer.ts',
    find: 'return writer !== undefined && wasFull && chunk > firstChunk ? writer : number',
    replace: 'return writer ?? (wasFull ? number : number)',
    caughtBy: [SIMULATION],
  },
  {
    name: 'an actor that changes during a checkpoint is stored as it is after that',
    file: 'actors/memory/pages.ts',
    find: 'if (cut?.pending.has(page) && !cut.captured.has(ordinal))',
    replace: 'if (cut?.captured.has(-1))',
    caughtBy: [STATE],
  },
  {
    name: 'pages of a checkpoint that failed are taken for stored',
    file: 'src/checkpoints/checkpoint-schedule.ts',
    find: 'ended(false)',
    replace: 'ended(true)',
    caughtBy: [RECOVERY],
  },
  {
    name: 'pages of a cut that was taken back are not in the next one',
    file: 'actors/memory/pages.ts',
    find: 'for (const page of this.#cut?.pages ?? []) this.#states[page] = DIRTY',
    replace: '',
    caughtBy: [STATE, SIMULATION],
  },
  {
    name: 'a page leaves memory that no checkpoint has as it is now',
    file: 'actors/memory/roster.ts',
    find: 'if (!this.pages.isStored(page)) return false',
    replace: '',
    caughtBy: [SIMULATION],
  },
  {
    name: 'pages leave memory while definitions are adopted',
    file: 'actors/engine/actor-system.ts',
    find: 'rest: () => this.#putToRest(0)',
    replace: 'rest: () => this.rest(0)',
    caughtBy: ['test/checkpoints/cold-pages.test.ts'],
  },
  {
    name: 'a page comes back as the checkpoint of the start has it',
    file: 'src/space/space-checkpoints.ts',
    find: 'writerOf: (page) => checkpointer.writerOf(page)',
    replace: 'writerOf: (page) => manifests[0]?.pages[page] ?? checkpointer.writerOf(page)',
    caughtBy: [RECOVERY],
  },
  {
    name: 'who is due is not brought back into memory',
    file: 'actors/engine/resident-pages.ts',
    find: 'for (const ordinal of this.#wheel.dueUntil(entry.receivedAt - 1)) this.#addCold(ordinal, pages)',
    replace: '',
    caughtBy: ['test/checkpoints/cold-pages.test.ts'],
  },
  {
    name: 'the registry is not in the checkpoint',
    file: 'src/space/space-checkpoints.ts',
    find: '{ registry: registry.state(),',
    replace: '{ registry: { records: [], ids: [], sequence: 0, tokens: [] },',
    caughtBy: [SIMULATION],
  },
  {
    name: 'the outbox is not in the checkpoint',
    file: 'src/space/space-checkpoints.ts',
    find: 'outbox.outboxes().flatMap(inParts)',
    replace: '[]',
    caughtBy: [SIMULATION],
  },
  {
    name: 'connections are not in the checkpoint',
    file: 'src/space/space-checkpoints.ts',
    find: ', deliveries: outbox.state() }',
    replace: ' }',
    caughtBy: [SIMULATION],
  },
  {
    name: 'numbers of deliveries begin anew after a checkpoint',
    file: 'src/outbox/space-outbox.ts',
    find: 'outbox.#next = next',
    replace: 'void next',
    caughtBy: [SIMULATION],
  },
  {
    name: 'tokens do not come back from a checkpoint',
    file: 'src/space/registry.ts',
    find: 'registry.tokens.restore(tokens)',
    replace: 'registry.tokens.restore(tokens.slice(0, 0))',
    caughtBy: [SIMULATION],
  },
  {
    name: 'a retention without bounds is journalled as it is',
    file: 'src/space/pipeline.ts',
    find: 'keys.filter((key) => retention[key] !== Infinity)',
    replace: 'keys',
    caughtBy: [SIMULATION],
  },
  {
    name: 'a messageId is never known',
    file: 'actors/deduplication/deduplication.ts',
    find: "if (messageId === '') return true",
    replace: "if (messageId !== '\\0') return true",
    caughtBy: [SIMULATION],
  },
  {
    name: 'a messageId is known no more after a checkpoint is read',
    file: 'actors/deduplication/deduplication.ts',
    find: 'this.#add(bucket.hour * HOUR_MS)',
    replace: 'this.#log(bucket.hour * HOUR_MS)',
    caughtBy: [SIMULATION],
  },
  {
    name: 'the messageId of a call that failed stays used up',
    file: 'actors/engine/call-application.ts',
    find: 'deduplication.forgetLast(call.messageId)',
    replace: '',
    caughtBy: [STATE],
  },
  {
    name: 'a settlement that fails is not taken back',
    file: 'actors/engine/call-application.ts',
    find: 'settlement.rollBack()',
    replace: 'settlement.forget()',
    caughtBy: [STATE],
  },
  {
    name: 'a deadline is lost when a checkpoint is read',
    file: 'actors/engine/restoration.ts',
    find: 'else wheel.set(ordinal, dueAt)',
    replace: 'else wheel.set(ordinal, Infinity)',
    caughtBy: [SIMULATION],
  },
  {
    name: 'a user that is woken takes from others what they are about',
    file: 'actors/actor/actor.ts',
    find: '  #pendingStreams: readonly number[] = NONE',
    replace: `  static pending = NONE
  get #pendingStreams() {
    return Actor.pending
  }
  set #pendingStreams(pending) {
    Actor.pending = pending
  }`,
    caughtBy: ['test/actors/engine/rest.test.ts'],
  },
  {
    name: 'an event that comes just as its window ends is still taken up',
    file: 'actors/streams/window-state.ts',
    find: 'if (event.ts + window.to <= host.now) return',
    replace: 'if (event.ts + window.to < host.now) return',
    caughtBy: ['test/actors/engine/oracle.test.ts'],
  },
  {
    name: 'entries of before are read by the newest rules',
    file: 'src/model/rules.ts',
    find: 'version >= 2 ? newest',
    replace: 'version >= 1 ? newest',
    caughtBy: ['test/space/pipeline.test.ts'],
  },
]

export function planted({ name, file, find, replace }, text) {
  const pieces = text.split(find)
  if (pieces.length !== 2) throw new Error(`${name}: ${file} has it ${pieces.length - 1} times: ${find}`)
  return pieces.join(replace)
}
