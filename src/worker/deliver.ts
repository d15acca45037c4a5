/** `rollcall deliver`: the process of the workers. The server starts it, and it ends when the server is gone. */
import { join } from 'node:path'
import { createAddresses } from '../../destinations/contract/address-guard.ts'
import type { DestinationContext } from '../../destinations/contract/destination.ts'
import { ProcessRunner } from '../../destinations/catalogue/host/process-runner.ts'
import { createHttpClient } from '../../destinations/contract/node-http-client.ts'
import { answerQuestion } from './answer-question.ts'
import { DeliveryWorker } from './delivery-worker.ts'
import type { FromWorker, ToWorker, WorkerConfig } from './worker-messages.ts'
import { EngineError } from '../model/errors.ts'
import { setTimer } from '../model/timer.ts'

export const USER_AGENT = 'Rollcall/1.0'

/** The bound of one request of a definition. */
const DEFINITION_REQUEST_MS = 10_000

const INTERNAL_ERROR = { reason: 'internal_error', message: 'A fault of the server; it is logged.' }

/** Makes the part of the process that a destination may use. */
export function contextFor(
  { directory, allowPrivate }: Pick<WorkerConfig, 'directory' | 'allowPrivate'>,
  tell: (message: FromWorker) => void,
): (destinationId: string) => DestinationContext {
  const addresses = createAddresses(allowPrivate)
  const definitions = new ProcessRunner({
    config: { allowPrivate, requestTimeoutMs: DEFINITION_REQUEST_MS },
    program: process.argv[1]!,
    clock: Date.now,
    timer: setTimer,
    onDeath: (destinationId) =>
      tell({ kind: 'fault', message: 'the definition has ended its process, or held it up', destinationId }),
  })
  return (destinationId) => ({
    destinationId,
    // Sockets of its own: a host that hangs for one keeps none from another.
    http: createHttpClient({ allowPrivate, userAgent: USER_AGENT }),
    addresses,
    definitions,
    directory: join(directory, destinationId),
    print: (line) => tell({ kind: 'print', line }),
    save: (settings) => tell({ kind: 'save', destinationId, settings }),
    clock: Date.now,
  })
}

/** Runs until the parent disconnects. */
export function deliver(): Promise<void> {
  if (!process.send) throw new EngineError('invalid_request_error', 'deliver: is started by the server')
  const tell = (message: FromWorker): void => void process.send?.(message)
  let worker: DeliveryWorker | undefined
  let contextOf: ReturnType<typeof contextFor> | undefined
  // One after the other: the last one opened holds.
  let opening: Promise<void> = Promise.resolve()
  const hear = (message: ToWorker): void => {
    switch (message.kind) {
      case 'open': {
        const { address, spaceId } = message.config
        contextOf = contextFor(message.config, tell)
        const onFault = (cause: unknown, destinationId: string): void =>
          tell({ kind: 'fault', message: faultOf(cause), destinationId })
        worker = new DeliveryWorker({ address, spaceId, contextOf, onFault })
        return
      }
      case 'destinations':
        opening = opening.then(() => worker?.open(message.destinations))
        return
      case 'ask': {
        const { request, destination, question } = message
        const options = {
          context: contextOf!(destination.id),
          listOf: (key: string) => worker!.listOf(destination.id, key),
        }
        answerQuestion(destination, question, options).then(
          (answer) => tell({ kind: 'answered', request, answer }),
          (cause: unknown) => {
            // It may quote settings: only the log has it.
            tell({ kind: 'fault', message: faultOf(cause), destinationId: destination.id })
            tell({ kind: 'answered', request, answer: { failure: INTERNAL_ERROR } })
          },
        )
      }
    }
  }
  process.on('message', (message) => hear(message as ToWorker))
  return new Promise((resolve) => {
    process.once('disconnect', () => {
      void opening
        .then(() => worker?.close())
        .finally(() => {
          resolve()
          process.exit(0)
        })
    })
  })
}

function faultOf(cause: unknown): string {
  return cause instanceof Error ? (cause.stack ?? cause.message) : 'unknown'
}
