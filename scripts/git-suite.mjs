// git's own tests of fetch, push and clone, with tsgit's upload-pack and receive-pack in place of git's:
// `node scripts/git-suite.mjs --source <a clone of git's sources>`. Needs make, gcc and zlib's headers. The sources are only
// read; what is built and run lies in a folder of its own, which is kept for the next time. Prints a line a script: how many
// tests pass with git's own servers and with ours, and the names of those that pass with git's alone. Ends with 1 where such a one is
// not known.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const USAGE = `usage: node scripts/git-suite.mjs --source DIRECTORY [--only SCRIPT,...] [--work DIRECTORY] [--ours-only] [--verbose]

  --source DIRECTORY  a repository that has the tag of the git that is installed
  --only SCRIPT,...   these scripts alone: t5500, say
  --work DIRECTORY    where to build and run (default: git-suite in the folder for temporary files)
  --program FILE      the program whose upload-pack and receive-pack are tried (default: the build of tsgit)
  --ours-only         without the run with git's own servers
  --verbose           print the output of the tests that fail
`;

/** What a server of git's protocol has to do with. */
const SCRIPTS = [
  't5500-fetch-pack',
  't5510-fetch',
  't5516-fetch-push',
  't5537-fetch-shallow',
  't5538-push-shallow',
  't5543-atomic-push',
  't5545-push-options',
  't5616-partial-clone',
  't5700-protocol-v1',
  't5702-protocol-v2',
  't5703-upload-pack-ref-in-want',
  't5704-protocol-violations',
  't5705-session-id-in-capabilities',
];

/**
 * What does not pass, by number, and why: COMPATIBILITY.md has the table.
 * @type {Readonly<Record<string, readonly (readonly [tests: readonly number[], reason: string])[]>>}
 */
const KNOWN = {
  't5516-fetch-push': [
    [[90], 'what is hidden is hidden in protocol v2, too'],
    [[106, 107, 108, 109], 'receive.denyCurrentBranch=updateInstead refuses'],
  ],
  't5616-partial-clone': [
    [[22], 'looks for a trace of git pack-objects'],
    [[31, 32], 'sparse filters are refused'],
  ],
  't5702-protocol-v2': [[[27], 'uploadpack.packObjectsHook is not run']],
  't5705-session-id-in-capabilities': [
    [[9, 10, 11, 12, 13, 14, 15, 16, 17], "look for session ids in the server's trace2 log"],
  ],
};

/** A script that hangs is ended. */
const TIMEOUT_MS = 20 * 60_000;

const root = fileURLToPath(new URL('..', import.meta.url));

const { values } = parseArgs({
  options: {
    source: { type: 'string' },
    only: { type: 'string' },
    program: { type: 'string', default: join(root, 'packages/cli/bin/tsgit.js') },
    work: { type: 'string', default: join(tmpdir(), 'git-suite') },
    'ours-only': { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help || values.source === undefined) {
  process.stderr.write(USAGE);
  process.exit(values.help ? 0 : 129);
}

/**
 * Run a program to its end; end with its words where it fails.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {string} [cwd]
 */
function must(command, args, cwd) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (status === 0) return stdout.trim();
  process.stderr.write(`${command} ${args.join(' ')} failed: ${error?.message ?? stderr.slice(-2000)}\n`);
  process.exit(1);
}

/** git's sources at the version that is installed, with what its tests need built. */
function prepareSources() {
  const version = must('git', ['--version']).split(' ')[2];
  const sources = join(values.work, `git-${version}`);
  if (!existsSync(join(sources, 't/test-lib.sh'))) {
    mkdirSync(values.work, { recursive: true });
    process.stderr.write(`Taking git ${version} from ${values.source} ...\n`);
    must('git', ['clone', '--quiet', '--depth=1', `--branch=v${version}`, `file://${values.source}`, sources]);
  }
  if (!existsSync(join(sources, 't/helper/test-tool'))) {
    process.stderr.write('Building the helpers of the tests ...\n');
    const flags = ['NO_CURL=1', 'NO_OPENSSL=1', 'NO_EXPAT=1', 'NO_GETTEXT=1', 'NO_TCLTK=1', 'NO_PYTHON=1'];
    const jobs = `-j${Math.max(1, Math.floor(cpus().length / 2))}`;
    must(
      'make',
      [jobs, ...flags, 'CFLAGS=-O1', 'GIT-BUILD-OPTIONS', 't/helper/test-tool', 't/helper/test-fake-ssh'],
      sources,
    );
    must('make', [...flags, '-C', 'templates'], sources);
  }
  return sources;
}

/** A folder of git's programs in which the two servers are ours. */
function prepareServers() {
  const own = must('git', ['--exec-path']);
  const directory = join(values.work, 'exec');
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory);
  for (const name of readdirSync(own)) {
    if (name !== 'git-upload-pack' && name !== 'git-receive-pack') symlinkSync(join(own, name), join(directory, name));
  }
  for (const name of ['upload-pack', 'receive-pack']) {
    const script = `#!/bin/sh\nexec '${process.execPath}' '${values.program}' ${name} "$@"\n`;
    writeFileSync(join(directory, `git-${name}`), script, { mode: 0o755 });
  }
  return directory;
}

/**
 * @typedef {object} Outcome
 * @property {Map<string, 'ok' | 'not ok' | 'skipped'>} tests by number and name
 * @property {string} output
 * @property {boolean} isWhole whether the script came to its end
 */

/**
 * Run one script of git's.
 * @param {string} sources
 * @param {string} script
 * @param {string | undefined} servers
 * @returns {Promise<Outcome>}
 */
async function runScript(sources, script, servers) {
  const trash = join(values.work, 'trash');
  rmSync(trash, { recursive: true, force: true });
  mkdirSync(trash);
  const env = {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_'))),
    GIT_TEST_INSTALLED: must('sh', ['-c', 'dirname "$(command -v git)"']),
    ...(servers !== undefined && { GIT_TEST_EXEC_PATH: servers }),
    NO_COLOR: '1',
  };
  const args = [`./${script}.sh`, `--root=${trash}`, ...(values.verbose ? ['--verbose'] : [])];
  const child = spawn('sh', args, { cwd: join(sources, 't'), env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const timeout = setTimeout(() => process.kill(-(/** @type {number} */ (child.pid)), 'SIGKILL'), TIMEOUT_MS);
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output += chunk;
  });
  await new Promise((resolve) => child.once('close', resolve));
  clearTimeout(timeout);
  rmSync(trash, { recursive: true, force: true, maxRetries: 5 });
  /** @type {Outcome['tests']} */
  const tests = new Map();
  for (const [, result, name, skip] of output.matchAll(/^(ok|not ok) (\d+ - .*?)( # (?:skip|TODO).*)?$/gm)) {
    const isKnown = skip?.includes('TODO known breakage') === true;
    tests.set(
      String(name),
      skip !== undefined && !isKnown ? 'skipped' : isKnown ? 'skipped' : /** @type {'ok'} */ (result),
    );
  }
  return { tests, output, isWhole: /^1\.\.\d+/m.test(output) };
}

/** @param {Outcome} outcome */
function counts({ tests, isWhole }) {
  const results = [...tests.values()];
  const passed = results.filter((result) => result === 'ok').length;
  const skipped = results.filter((result) => result === 'skipped').length;
  return `${passed} of ${results.length - skipped}${skipped > 0 ? ` (${skipped} skipped)` : ''}${isWhole ? '' : ', not to its end'}`;
}

const sources = prepareSources();
const servers = prepareServers();
const wanted = values.only?.split(',');
const scripts = SCRIPTS.filter((script) => wanted === undefined || wanted.some((name) => script.startsWith(name)));
let failures = 0;
for (const script of scripts) {
  const theirs = values['ours-only'] ? undefined : await runScript(sources, script, undefined);
  const ours = await runScript(sources, script, servers);
  const failed = [...ours.tests].filter(
    ([name, result]) => result === 'not ok' && theirs?.tests.get(name) !== 'not ok',
  );
  const known = new Map(
    (KNOWN[script] ?? []).flatMap(([numbers, reason]) => numbers.map((number) => [number, reason])),
  );
  const reasonFor = (/** @type {string} */ name) => known.get(Number.parseInt(name, 10));
  failures += failed.filter(([name]) => reasonFor(name) === undefined).length + (ours.isWhole ? 0 : 1);
  process.stdout.write(
    `${script}: ${counts(ours)}${theirs === undefined ? '' : `; with git's own ${counts(theirs)}`}\n`,
  );
  for (const [name] of failed) {
    const reason = reasonFor(name);
    process.stdout.write(`  not ok ${name}${reason === undefined ? '' : ` (known: ${reason})`}\n`);
  }
  if (values.verbose && failed.length > 0) process.stdout.write(ours.output);
}
process.exit(failures === 0 ? 0 : 1);
