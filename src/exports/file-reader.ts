/** Readers of files: how much one has taken, and a way to cut it off. */
import type { SetTimer } from '../model/timer.ts'

export interface FileReader {
  readonly takenBytes: () => number
  readonly cut: () => void
}

/** A reader that has taken nothing for so long is cut off. */
const STALLED_MS = 300_000

/** Cuts a reader off that takes nothing any more, until the returned function is called. */
export function watchReader(reader: FileReader, timer: SetTimer): () => void {
  let taken = -1
  let cancel: () => void = () => undefined
  const watch = (): void => {
    if (reader.takenBytes() === taken) reader.cut()
    taken = reader.takenBytes()
    cancel = timer(watch, STALLED_MS)
  }
  watch()
  return () => cancel()
}
