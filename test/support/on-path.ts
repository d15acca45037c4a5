/** Programs that the machine has. */
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Returns the path of the first program on the PATH that has one of these names. */
export function onPath(...names: readonly string[]): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find((path) => existsSync(path))
}
