/** Files of a test. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder of their own. */
export class Folder {
  readonly path = mkdtempSync(join(tmpdir(), 'rollcall-replay-'))

  file(name: string, content: string): string {
    const path = join(this.path, name)
    writeFileSync(path, content)
    return path
  }

  remove(): void {
    rmSync(this.path, { recursive: true })
  }
}
