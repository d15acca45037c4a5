/** A part of the bench in a process of its own, so that its memory and its compiled code are its own. */
import { fork } from 'node:child_process'
import { once } from 'node:events'

/** Resolves to the value that the module hands over; rejects unless it does so and comes to its end. */
export async function runApart<Value>(file: URL, parameters: readonly string[] = []): Promise<Value> {
  const child = fork(file, parameters, { execArgv: ['--expose-gc'] })
  const values: Value[] = []
  child.on('message', (value) => values.push(value as Value))
  const [code] = (await once(child, 'close')) as [number | null]
  const [value] = values
  if (code !== 0 || value === undefined) throw new Error(`${file.pathname} ${parameters.join(' ')} has failed`)
  return value
}

/** Hands the value to the process that runs this one; prints it if there is none. */
export function handOver(value: object): void {
  if (process.send) process.send(value)
  else process.stdout.write(`${JSON.stringify(value)}\n`)
}
