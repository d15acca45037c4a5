/** Whatever the tests of a run put into the folder for temporary files goes when the run is over. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export default function setUp(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-'))
  // The workers inherit it.
  process.env['TMPDIR'] = folder
  return () => rmSync(folder, { recursive: true, force: true })
}
