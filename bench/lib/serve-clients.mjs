// serve-clients.mjs git|ours GIT_DIR clone|ls-refs COUNT: start a server in a process of its own and let COUNT clients ask it at once.
// The clients are loops over sockets that read what comes and keep none of it: the work that is measured is the server's.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DELIMITER, decodeSidebandLine, encodeText, FLUSH, PktLineReader } from '@git-kv/protocol';
import { git } from './git.mjs';
import { benchDirectory, makeRunDirectory, removeDirectory } from './paths.mjs';
import { report, verifying } from './report.mjs';

const [kind, gitDir = '', what, count] = process.argv.slice(2);

/** Milliseconds between two looks at the memory of the server. */
const POLL_MS = 50;

const { child, url } = await startServer();
const memory = watchMemory(/** @type {number} */ (child.pid));
const algorithm = git(['rev-parse', '--show-object-format'], { cwd: gitDir });
const tips = [...new Set(git(['for-each-ref', '--format=%(objectname)'], { cwd: gitDir }).split('\n'))];

const started = performance.now();
const answers = await Promise.all(
  Array.from({ length: Number(count) }, () => (what === 'clone' ? clone() : listRefs())),
);
const wall = performance.now() - started;

const serverBytes = memory.stop();
const ended = new Promise((resolve) => child.once('exit', resolve));
if (kind === 'git') child.stdin.end();
else child.kill('SIGTERM');
await ended;
if (answers.some((answer) => answer !== answers[0])) throw new Error(`the answers differ: ${answers.join(', ')}`);
report(
  { clients: answers.length, [what === 'clone' ? 'objects' : 'refs']: answers[0] ?? 0, serverPeakBytes: serverBytes },
  { wall },
);

/** @returns {Promise<{ child: import('node:child_process').ChildProcessWithoutNullStreams, url: string }>} */
async function startServer() {
  const root = dirname(gitDir);
  const args =
    kind === 'git'
      ? [join(benchDirectory, 'lib/http-backend.mjs'), root]
      : [join(benchDirectory, '../packages/cli/bin/tsgit.js'), 'serve', root];
  const server = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  server.stderr.pipe(process.stderr);
  const first = await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('exit', (code) => reject(new Error(`Cannot start the server: exit code ${code}`)));
    server.stdout.once('data', (line) => resolve(String(line)));
  });
  const origin = kind === 'git' ? `http://127.0.0.1:${Number(first)}` : /http:\S+[^/\s]/.exec(first)?.[0];
  return { child: server, url: `${origin}/${encodeURIComponent(basename(gitDir))}` };
}

/**
 * The lines of an answer of protocol v2.
 * @param {string} command
 * @param {readonly string[]} args
 */
async function ask(command, args) {
  const lines = [`command=${command}`, `object-format=${algorithm}`].map(encodeText);
  const body = Buffer.concat([...lines, DELIMITER, ...args.map(encodeText), FLUSH]);
  const response = await fetch(`${url}/git-upload-pack`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-git-upload-pack-request', 'Git-Protocol': 'version=2' },
    body,
  });
  if (response.status !== 200 || response.body === null) throw new Error(`status ${response.status}`);
  return new PktLineReader(response.body);
}

/** Objects in the pack. */
async function clone() {
  const lines = await ask('fetch', ['ofs-delta', 'no-progress', ...tips.map((oid) => `want ${oid}`), 'done']);
  /** @type {Uint8Array[]} */
  const pack = [];
  let size = 0;
  let inPack = false;
  for (let line = await lines.read(); line !== undefined && line.kind !== 'flush'; line = await lines.read()) {
    if (line.kind !== 'data') continue;
    if (!inPack) {
      inPack = Buffer.from(line.payload).toString('latin1').startsWith('packfile');
      continue;
    }
    const { band, content } = decodeSidebandLine(line.payload);
    if (band === 3) throw new Error(Buffer.from(content).toString());
    if (band !== 1) continue;
    if (verifying || size < 12) pack.push(content.slice());
    size += content.length;
  }
  const bytes = Buffer.concat(pack);
  if (verifying) {
    const cwd = makeRunDirectory();
    git(['init', '--quiet', '--bare', `--object-format=${algorithm}`, '.'], { cwd });
    git(['index-pack', '--stdin'], { cwd, input: bytes });
    removeDirectory(cwd);
  }
  return bytes.readUInt32BE(8);
}

/** Refs in the answer. */
async function listRefs() {
  const lines = await ask('ls-refs', ['peel', 'symrefs']);
  let refs = 0;
  for (;;) {
    const line = lines.readBuffered();
    if (line === undefined) {
      if (!(await lines.fill())) throw new Error('the answer is cut short');
    } else if (line.kind === 'flush') return refs;
    else refs++;
  }
}

/**
 * What the processes of a server hold at one time, at the most: their own memory, and of what they share each its part.
 * @param {number} pid
 */
function watchMemory(pid) {
  let peak = 0;
  const look = () => {
    let sum = 0;
    for (const one of familyOf(pid)) {
      try {
        sum += Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${one}/smaps_rollup`, 'latin1'))?.[1] ?? 0) * 1024;
      } catch {
        // It has ended meanwhile.
      }
    }
    peak = Math.max(peak, sum);
  };
  const timer = setInterval(look, POLL_MS);
  look();
  return {
    stop: () => {
      look();
      clearInterval(timer);
      return peak;
    },
  };
}

/** @param {number} pid @returns {number[]} */
function familyOf(pid) {
  const family = [pid];
  for (const one of family) {
    try {
      for (const task of readdirSync(`/proc/${one}/task`)) {
        const children = readFileSync(`/proc/${one}/task/${task}/children`, 'latin1').trim();
        if (children !== '') family.push(...children.split(' ').map(Number));
      }
    } catch {
      // It has ended meanwhile.
    }
  }
  return family;
}
