// The one door to every command: installs what is missing, then runs the task on the Node that the lock file pins.
// Plain JavaScript without dependencies, because it must run on whatever Node (>= 20.19) a fresh machine has.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const bin = join(root, 'node_modules', '.bin')
const pinnedNode = join(bin, 'node')
const [task, ...rest] = process.argv.slice(2)

function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return
  console.error(
    `Paceline needs Node 20.19 or newer to install itself; this is ${process.versions.node}.\n` +
      'Install a newer Node, then run the same command again.',
  )
  process.exit(1)
}

/** @param {string} folder */
const stampOf = (folder) => join(folder, 'node_modules', '.paceline-installed')
/** @param {string} folder */
const wantedBy = (folder) =>
  createHash('sha256')
    .update(readFileSync(join(folder, 'package-lock.json')))
    .digest('hex')
/** @param {string} folder */
const isStamped = (folder) =>
  existsSync(stampOf(folder)) && readFileSync(stampOf(folder), 'utf8') === wantedBy(folder)

const isInstalled = () => isStamped(root) && existsSync(pinnedNode)

/**
 * @param {string} folder
 * @param {string[]} options
 */
function runNpmCi(folder, options = []) {
  const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error', ...options], {
    cwd: folder,
    // What others read of this program is its output; npm's progress is not part of it.
    stdio: ['ignore', 'ignore', 'inherit'],
    // An outer NODE_ENV=production would leave out the development packages.
    env: { ...process.env, NODE_ENV: 'development' },
  })
  if (npm.status !== 0) {
    console.error(
      '\n`npm ci` failed (its own words are above). Check the network and the free disk space (700 MB), then run the same command again.',
    )
    process.exit(npm.status ?? 1)
  }
}

// The stamp is written last, so an interrupted install is done again.
function install() {
  if (isInstalled()) return
  console.log('Installing the packages of package-lock.json (once; about half a minute) …')
  const startedAt = Date.now()
  runNpmCi(root)
  if (!existsSync(pinnedNode)) {
    console.error(
      "\nThe pinned Node was not installed. Allow the install script of the package 'node' (npm config ignore-scripts must be false), then run the same command again.",
    )
    process.exit(1)
  }
  writeFileSync(stampOf(root), wantedBy(root))
  console.log(`Installed in ${((Date.now() - startedAt) / 1000).toFixed(0)} s.`)
}

// Only benchmarks need what the gateway is measured against. Nothing of it has to run to be installed.
function installBench() {
  const folder = join(root, 'bench')
  const asksForHelp = rest.length === 0 || rest.some((arg) => arg === '--help' || arg === '-h')
  if (task !== 'bench' || asksForHelp || isStamped(folder)) return
  console.error('Installing what the gateway is measured against (bench/package-lock.json; once) …')
  runNpmCi(folder, ['--ignore-scripts'])
  writeFileSync(stampOf(folder), wantedBy(folder))
}

// Asking for help must not cost an installation; but the tasks' own help is TypeScript, which an older Node can't read.
function helpBeforeInstalling() {
  if (isInstalled() || !rest.some((arg) => arg === '--help' || arg === '-h')) return
  console.log(
    `npm start       Paceline on this machine: mock providers, the gateway, a chat app
npm test        every test
npm run check   types, format, lint, unit tests, unused code, sizes
npm run drill   a whole incident, from a slow provider to a learnt outcome
npm run faults  thousands of random faults, each answer judged by what the providers wrote down
npm run bench   what the gateway costs, against a bare Worker and Portkey

Each installs what is missing when it first runs (half a minute, 700 MB); after that, its own --help lists its options:
npm start -- --help`,
  )
  process.exit(0)
}

requireNode()
helpBeforeInstalling()
install()
installBench()

const child = spawn(pinnedNode, [join(root, 'scripts', `${task}.ts`), ...rest], {
  cwd: root,
  stdio: 'inherit',
  env: {
    ...process.env,
    PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}`,
    WRANGLER_SEND_METRICS: 'false',
  },
})
// A terminal sends Ctrl-C to the whole group; other senders reach only this process, so pass their signal on.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => child.kill('SIGTERM'))
// Whoever kills npm kills its shell, and nobody tells us: without a parent there is nobody left to run for.
const parent = process.ppid
setInterval(() => process.ppid === parent || child.kill('SIGTERM'), 1_000).unref()
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)))
