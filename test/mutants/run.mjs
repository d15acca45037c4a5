/**
 * Plants one fault after another into a copy of the repository, and runs the tests that must see it:
 *   npm run test:mutants        npm run test:mutants -- trimmed     those whose names contain a word
 * One line for each; ends with status 1 if a fault survived, or could not be planted.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import process from 'node:process'
import { MUTANTS, planted } from './mutants.mjs'

/** A fault may make a test go on without end: that is seen too. */
const TEST_MS_MAX = 600_000
const NOT_COPIED = ['.git', 'data', 'dist', 'node_modules']

const root = join(import.meta.dirname, '../..')
const copy = mkdtempSync(join(tmpdir(), 'rollcall-mutants-'))
const report = join(copy, 'report.json')

/** Returns the first test that fails; undefined if all pass. Throws an Error if they do not run at all. */
function firstFailure(paths) {
  // A process that is killed takes its threads with it, and would leave other processes behind.
  const options = ['--pool=threads', '--bail=1', `--testTimeout=${TEST_MS_MAX}`, '--reporter=json']
  const args = ['node_modules/vitest/vitest.mjs', 'run', ...paths, ...options, `--outputFile=${report}`]
  rmSync(report, { force: true })
  const { error, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: copy,
    encoding: 'utf8',
    timeout: TEST_MS_MAX,
    killSignal: 'SIGKILL',
  })
  if (error?.code === 'ETIMEDOUT') return 'they do not end'
  if (!existsSync(report)) throw new Error(`the tests did not come to an end:\n${stdout}${stderr}`)
  const { success, testResults } = JSON.parse(readFileSync(report, 'utf8'))
  if (success) return undefined
  const failed = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .find(({ status }) => status === 'failed')
  if (!failed) throw new Error(`no test failed, yet they did not succeed:\n${stdout}${stderr}`)
  return failed.fullName
}

function survives(mutant) {
  const path = join(copy, mutant.file)
  const text = readFileSync(path, 'utf8')
  try {
    writeFileSync(path, planted(mutant, text))
    const failure = firstFailure(mutant.caughtBy)
    process.stdout.write(failure ? `caught    ${mutant.name}  (${failure})\n` : `SURVIVED  ${mutant.name}\n`)
    return failure === undefined
  } finally {
    writeFileSync(path, text)
  }
}

try {
  cpSync(root, copy, { recursive: true, filter: (source) => !NOT_COPIED.includes(relative(root, source)) })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  const chosen = MUTANTS.filter(({ name }) => name.includes(process.argv[2] ?? ''))
  const failure = firstFailure([...new Set(chosen.flatMap(({ caughtBy }) => caughtBy))])
  if (failure) throw new Error(`without any fault planted, a test fails already: ${failure}`)
  const survived = chosen.filter(survives).length
  process.stdout.write(`${chosen.length - survived} caught, ${survived} survived\n`)
  if (survived > 0) process.exitCode = 1
} finally {
  rmSync(copy, { recursive: true, force: true })
}
