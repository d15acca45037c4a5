#!/usr/bin/env node
/**
 * The command line: `rollcall serve`, `replay`, `apply`, `audiences`, `destinations`, `preview`, `profile`, `export`,
 * `import`, `backup`, `restore`, `nodes`, `drain`, `mcp`, `token create`, `secrets`, `verify`, `health`. Each command
 * loads what it needs when it runs: the process of the workers has no use for the server's modules, nor a replay.
 */
import { Command, Option } from 'commander'
import type { ApplyOptions } from './cli/apply.ts'
import type { ExportOptions } from './cli/export.ts'
import type { ImportOptions } from './cli/import.ts'
import { InputError } from './cli/input-error.ts'
import type { ReplayOptions } from './cli/replay.ts'
import type { RestoreOptions } from './cli/restore.ts'
import type { VerifyOptions } from './cli/verify.ts'
import { EngineError } from './model/errors.ts'
import { EXPORT_FORMATS } from './model/export.ts'

const program = new Command('rollcall').description('Real-time audiences that a company runs itself')

program
  .command('replay')
  .description('run the engine over a file of tracking calls, in virtual time')
  .requiredOption('--definitions <file>', 'audiences and computed traits, JSON or YAML')
  .requiredOption('--events <file>', "tracking calls, one JSON object a line; '-' for standard input")
  .option('--until <instant>', 'move the clock on to this ISO 8601 instant, inclusively')
  .option('--out <file>', 'where transitions go; standard output by default')
  .option('--preview <query>', 'write the members that this audience would have at the end, in place of transitions')
  .action(async (options: ReplayOptions) => (await import('./cli/replay.ts')).replay(options))

program
  .command('apply')
  .description('bring a running server to what a file names: destinations, audiences, computed traits, connections')
  .option('-f, --file <file>', 'JSON or YAML')
  .addOption(
    new Option('--from-segment <file>', "in its place: JSON that Segment's Public API has given out").conflicts([
      'file',
      'prune',
      'secrets',
    ]),
  )
  .option('--prune', 'remove what the file does not name')
  .option('--dry-run', 'show what would change, and change nothing')
  .option('--secrets', 'send the secrets of the file, whatever else changes')
  .action(async (options: ApplyOptions) => {
    const { apply } = await import('./cli/apply.ts')
    const { clientOptions, environmentVariable } = await import('./server/settings.ts')
    const write = (line: string) => process.stdout.write(line)
    const warn = (line: string) => process.stderr.write(line)
    process.exitCode = await apply(options, { client: clientOptions(), variable: environmentVariable, write, warn })
  })

program
  .command('audiences')
  .description('list the audiences of a running server: key, type, status, query')
  .action(async () => {
    const { listAudiences } = await import('./cli/audiences.ts')
    const { clientOptions } = await import('./server/settings.ts')
    await listAudiences(clientOptions(), (line) => process.stdout.write(line))
  })

program
  .command('destinations')
  .description('list the destinations of a running server: name, type, status, deliveries that wait and that failed')
  .option('--types [search]', 'in their place the types that there are; asks no server')
  .addOption(new Option('--type <slug>', 'one type: its settings and actions; asks no server').conflicts('types'))
  .action(async ({ types, type }: { types?: string | true; type?: string }) => {
    const { listDestinations, listTypes, showType } = await import('./cli/destinations.ts')
    const write = (line: string) => process.stdout.write(line)
    if (type !== undefined) showType(type, write)
    else if (types !== undefined) listTypes(types === true ? '' : types, write)
    else await listDestinations((await import('./server/settings.ts')).clientOptions(), write)
  })

program
  .command('nodes')
  .description('list the nodes of a cluster: id, address, roles, status, load, spaces')
  .action(async () => {
    const { listNodes } = await import('./cli/nodes.ts')
    const { clientOptions } = await import('./server/settings.ts')
    await listNodes(clientOptions(), (line) => process.stdout.write(line))
  })

program
  .command('drain')
  .description('have a node hand its spaces over to the others, and take none')
  .argument('<node>', 'its id, as `rollcall nodes` lists it')
  .option('--undo', 'let it take spaces again')
  .action(async (node: string, { undo }: { undo?: true }) => {
    const { drainNode } = await import('./cli/nodes.ts')
    const { clientOptions } = await import('./server/settings.ts')
    await drainNode(node, undo !== true, clientOptions(), (line) => process.stdout.write(line))
  })

program
  .command('preview')
  .description('how many an audience with this query would have on a running server, and who; as JSON')
  .argument('<query>', 'in the query language')
  .option('--accounts', 'an audience of accounts')
  .option('--compare-with <id>', 'the id of an audience: who would enter and leave')
  .action(async (query: string, { accounts, compareWith }: { accounts?: true; compareWith?: string }) => {
    const { preview } = await import('./cli/preview.ts')
    const { clientOptions } = await import('./server/settings.ts')
    const options = { query, type: accounts ? 'ACCOUNTS' : 'USERS', ...(compareWith && { compareWith }) } as const
    await preview(options, clientOptions(), (line) => process.stdout.write(line))
  })

program
  .command('export')
  .description('write the members of an audience of a running server, as of one instant')
  .option('--audience <key>', 'its key')
  .option('--computed-trait <key>', 'in place of an audience: all who have a value of it')
  .addOption(new Option('--format <format>', 'of the file').choices(EXPORT_FORMATS).default('formatted'))
  .option('--ids <types>', 'only these types of id, between commas')
  .option('--traits <names>', 'traits that go with each member, between commas')
  .option('--users', 'of an audience of accounts: their users')
  .option('--bom', 'begin a CSV file with a byte order mark')
  .option('--plain', 'of the format single: values as they are, in place of their SHA-256')
  .option('--out <file>', 'where it goes; standard output by default')
  .action(async (options: ExportOptions) => {
    const { exportMembers } = await import('./cli/export.ts')
    const { clientOptions } = await import('./server/settings.ts')
    await exportMembers(options, clientOptions(), process.stdout)
  })

program
  .command('import')
  .description('send a file of tracking calls to a running server')
  .requiredOption(
    '--events <file>',
    "one JSON object a line, plain or gzipped, or Segment's raw logs; '-': standard input",
  )
  .option('--source <id>', 'the source that they come from; the first by default')
  .option('--quiet', 'tell destinations nothing of what the calls change')
  .action(async (options: ImportOptions) => {
    const { importEvents } = await import('./cli/import.ts')
    const { clientOptions } = await import('./server/settings.ts')
    const warn = (line: string) => process.stderr.write(line)
    const { sent, rejected } = await importEvents(options, clientOptions(), { input: process.stdin, warn })
    process.stdout.write(`${sent} calls sent, ${rejected} of them rejected\n`)
  })

program
  .command('backup')
  .description('write all of a space of a running server, as of one instant, to a file')
  .argument('<file>', 'it holds personal data; the secrets of destinations in it are sealed')
  .action(async (file: string) => {
    const { backUp } = await import('./cli/backup.ts')
    const { clientOptions } = await import('./server/settings.ts')
    await backUp(file, clientOptions(), (line) => process.stdout.write(line))
  })

program
  .command('restore')
  .description('make a space of a backup, with no server running on the data directory')
  .argument('<file>', 'that `rollcall backup` has written')
  .option('--space <id>', 'of another space than the one that it is of: with new credentials, destinations disabled')
  .option('--name <name>', 'of a space beside the first')
  .option('--replace', 'remove the space first if it is there')
  .option('--forget-secrets', 'take away secrets of destinations that no key opens, which are then disabled')
  .action(async (file: string, options: RestoreOptions) => {
    const { restore } = await import('./cli/restore.ts')
    const { readSettings } = await import('./server/settings.ts')
    await restore(file, options, readSettings(), (line) => process.stdout.write(line))
  })

program
  .command('profile')
  .description('all that a running server shows of a user or an account, as JSON')
  .argument('<id>', 'user_id:u1, email:ann@example.com, group_id:acme, or a segment id')
  .action(async (id: string) => {
    const { showProfile } = await import('./cli/profile.ts')
    const { clientOptions } = await import('./server/settings.ts')
    await showProfile(id, clientOptions(), (line) => process.stdout.write(line))
  })

program
  .command('mcp')
  .description(
    'serve language models by the Model Context Protocol on standard input and output, from a running server',
  )
  .action(async () => {
    const { serveMcp } = await import('./cli/mcp.ts')
    const { clientOptions } = await import('./server/settings.ts')
    serveMcp(clientOptions(), (line) => process.stderr.write(line))
  })

program
  .command('token')
  .description('access tokens of a running server')
  .command('create')
  .description('make one; it is shown once')
  .option('--description <text>', 'what it is for', '')
  .action(async ({ description }: { description: string }) => {
    const { createToken } = await import('./cli/token.ts')
    const { clientOptions } = await import('./server/settings.ts')
    await createToken(clientOptions(), description, (line) => process.stdout.write(line))
  })

const secrets = program.command('secrets').description("the keys of destinations' secrets, with no server running")

secrets
  .command('rotate')
  .description('make a new key in place of the one that the server has made, and seal everything anew')
  .action(async () => {
    const { rotateSecrets } = await import('./cli/secrets.ts')
    const { readSettings } = await import('./server/settings.ts')
    await rotateSecrets(readSettings(), (line) => process.stdout.write(line))
  })

secrets
  .command('forget')
  .description('take away the secrets that no key opens: their destinations are disabled until they are given again')
  .action(async () => {
    const { forgetSecrets } = await import('./cli/secrets.ts')
    const { readSettings } = await import('./server/settings.ts')
    await forgetSecrets(readSettings(), (line) => process.stdout.write(line))
  })

program
  .command('verify')
  .description('check the newest checkpoint: decode everybody, and recompute from kept events what these determine')
  .option('--show <id>', 'show all that is kept of a user or an account, as user_id:u1')
  .action(async (options: VerifyOptions) => {
    const { verify } = await import('./cli/verify.ts')
    const { readSettings } = await import('./server/settings.ts')
    process.exitCode = await verify(options, readSettings(), (line) => process.stdout.write(line))
  })

program
  .command('health')
  .description('end with 0 if the server of this environment is ready, otherwise with 1 and why')
  .action(async () => {
    const { health } = await import('./cli/health.ts')
    const { clientOptions } = await import('./server/settings.ts')
    process.exitCode = await health(clientOptions, (line) => process.stderr.write(line))
  })

// Starts the workers; for the server only.
program.command('deliver', { hidden: true }).action(async () => (await import('./worker/deliver.ts')).deliver())

// Takes connections for the server that starts it; for that alone.
program.command('edge', { hidden: true }).action(async () => (await import('./server/edge.ts')).serveEdge())

program
  .command('run-definitions', { hidden: true })
  .action(async () => (await import('../destinations/catalogue/host/host.ts')).host())

program
  .command('serve')
  .description('run the server; configured by environment')
  .option('--roles <roles>', 'of a node of a cluster, in the place of ROLES')
  .action(async ({ roles: ROLES }: { roles?: string }) =>
    (await import('./server/serve.ts')).serve(ROLES === undefined ? {} : { ROLES }),
  )

// A reader may stop before the end of the output (`rollcall replay … | head`): that is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

try {
  await program.parseAsync()
} catch (error) {
  if (!(error instanceof InputError || error instanceof EngineError || isFileError(error))) throw error
  process.stderr.write(`rollcall: ${error.message}\n`)
  process.exitCode = 2
}

/** A file that is named is missing, or cannot be opened: the message says which and why. */
function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && error.syscall === 'open'
}
