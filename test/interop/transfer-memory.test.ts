import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { git, gitEnv, makeDirectory, removeDirectory } from '../support/git.js';
import { type GitDaemon, startGitDaemon } from '../support/git-daemon.js';
import { type GitHttpBackend, startGitHttpBackend } from '../support/git-http-backend.js';
import { hasSshKeygen } from '../support/ssh.js';
import { type Sshd, sshdProblem, startSshd } from '../support/sshd.js';
import { CERTIFICATE, KEY } from '../support/tls.js';

// What a process of its own takes that clones, or fetches much on top of what it has, through the library as it was built (npm run
// build). Nothing grows with a pack but some bytes an object; Node itself takes 46 MiB, and what it has of code and garbage comes on
// top. Most of a minute of work: GIT_KV_SLOW=1.

const SCRIPT = fileURLToPath(new URL('../../bench/cases/ours/transfer.mjs', import.meta.url));
const BUILT = fileURLToPath(new URL('../../packages/repository/lib/index.js', import.meta.url));

const isSlow = process.env.GIT_KV_SLOW === '1' && existsSync(BUILT);

/** The goal is 128 MiB; a history as short as this one leaves less garbage. It took 85 to 100 MiB. */
const BOUND_MIB = 112;
const AN_OBJECT = 48;
const WITHIN = `${BOUND_MIB} MiB and ${AN_OBJECT} bytes an object`;

const COMMITS = 6000;
/** What a clone has that then fetches the rest. */
const OLD_COMMITS = 1000;
const DIRECTORIES = 40;
const FILES = 50;

const noSsh = sshdProblem ?? (hasSshKeygen ? undefined : 'ssh-keygen is not installed');

const TRANSPORTS: readonly (readonly [kind: string, problem?: string | undefined])[] = [
  ['http'],
  ['https'],
  ['git'],
  ['file'],
  ['bundle'],
  ['ssh', noSsh],
  ['ssh2', noSsh],
];

describe.runIf(isSlow)('the memory of a client', () => {
  let root: string;
  let backend: GitHttpBackend;
  let tls: Server;
  let daemon: GitDaemon;
  let sshd: Sshd | undefined;

  beforeAll(async () => {
    root = makeDirectory('git-kv-memory');
    for (const format of ['sha1', 'sha256'] as const) {
      const full = join(root, `${format}.git`);
      git(['init', '--quiet', '--bare', '--initial-branch=main', `--object-format=${format}`, full]);
      git(['fast-import', '--quiet'], { cwd: full, input: history() });
      git(['repack', '-adfq', '--depth=20', '--window=5'], { cwd: full });
      git(['bundle', 'create', '--quiet', join(root, `${format}.bundle`), '--all'], { cwd: full });
      const old = join(root, `${format}-old.git`);
      git(['init', '--quiet', '--bare', '--initial-branch=main', `--object-format=${format}`, old]);
      const commit = git(['rev-parse', `main~${COMMITS - OLD_COMMITS}`], { cwd: full }).trim();
      git(['fetch', '--quiet', full, `${commit}:refs/heads/main`], { cwd: old });
    }
    backend = await startGitHttpBackend({ root });
    tls = createServer({ key: KEY, cert: CERTIFICATE }, (socket) => {
      const inner = connect(backend.port, '127.0.0.1');
      for (const [one, other] of [
        [socket, inner],
        [inner, socket],
      ] as const) {
        one.pipe(other);
        one.on('error', () => other.destroy());
      }
    });
    tls.listen(0, '127.0.0.1');
    await once(tls, 'listening');
    writeFileSync(join(root, 'ca.pem'), CERTIFICATE);
    daemon = await startGitDaemon(root);
    sshd = noSsh === undefined ? await startSshd(root) : undefined;
  }, 300_000);

  afterAll(async () => {
    await sshd?.close();
    await daemon?.close();
    tls?.close();
    await backend?.close();
    removeDirectory(root);
  });

  function urlOf(kind: string, format: string): string {
    const path = join(root, `${format}.git`);
    switch (kind) {
      case 'http':
        return `${backend.url}/${format}.git`;
      case 'https':
        return `https://127.0.0.1:${(tls.address() as AddressInfo).port}/${format}.git`;
      case 'git':
        return `${daemon.url}/${format}.git`;
      case 'ssh':
      case 'ssh2':
        return `ssh://${sshd?.user}@127.0.0.1:${sshd?.port}${path}`;
      case 'bundle':
        return join(root, `${format}.bundle`);
      default:
        return `file://${path}`;
    }
  }

  async function transfer(what: string, kind: string, format: string, directory: string): Promise<[number, number]> {
    const child = spawn(process.execPath, [SCRIPT, what, kind, urlOf(kind, format), directory, format, root], {
      env: { ...gitEnv, ...(kind === 'ssh' && sshd && { GIT_SSH_COMMAND: sshd.command }) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    const [code] = await once(child, 'close');
    expect(code).toBe(0);
    const { answer, peakBytes } = JSON.parse(output) as { answer: { received: number }; peakBytes: number };
    return [answer.received, peakBytes];
  }

  function proveWhole(directory: string, format: string): void {
    git(['fsck', '--strict', '--full', '--no-dangling'], { cwd: directory });
    const main = (cwd: string): string => git(['rev-parse', 'main'], { cwd });
    expect(main(directory)).toBe(main(join(root, `${format}.git`)));
  }

  describe.each(['sha1', 'sha256'])('of a repository in %s', (format) => {
    for (const [kind, problem] of TRANSPORTS) {
      test.skipIf(problem !== undefined)(`clones by ${kind} within ${WITHIN}`, { timeout: 120_000 }, async () => {
        const directory = join(root, `${kind}-${format}-clone.git`);
        const [objectCount, peakBytes] = await transfer('clone', kind, format, directory);
        expect(objectCount).toBeGreaterThan(30_000);
        expect(peakBytes).toBeLessThan(BOUND_MIB * 2 ** 20 + AN_OBJECT * objectCount);
        proveWhole(directory, format);
        removeDirectory(directory);
      });
    }

    test(`fetches much on top of what is there within ${WITHIN}`, {
      timeout: 120_000,
    }, async () => {
      const directory = join(root, `${format}-old.git`);
      const [objectCount, peakBytes] = await transfer('fetch', 'http', format, directory);
      expect(objectCount).toBeGreaterThan(25_000);
      expect(peakBytes).toBeLessThan(BOUND_MIB * 2 ** 20 + AN_OBJECT * objectCount);
      proveWhole(directory, format);
    });
  });
});

/** A history for fast-import, a file changed in each of two directories a commit. */
function history(): string {
  const lines: string[] = [];
  const line = (text: string): string => `${text}${' of a text that is much the same in each'.repeat(3)}\n`;
  const counts = new Map<string, number>();
  for (let commit = 0; commit < COMMITS; commit++) {
    lines.push(
      `commit refs/heads/main\nmark :${commit + 1}\ncommitter C <c@example.com> ${1_600_000_000 + commit * 60} +0000\n`,
    );
    const message = `Change ${commit}\n`;
    lines.push(`data ${message.length}\n${message}`);
    for (const part of commit === 0
      ? Array.from({ length: DIRECTORIES * FILES }, (_, at) => at)
      : [commit * 7, commit * 13]) {
      const path = `d${part % DIRECTORIES}/f${Math.floor(part / DIRECTORIES) % FILES}`;
      const count = (counts.get(path) ?? 0) + 1;
      counts.set(path, count);
      const body = Array.from({ length: 20 }, (_, at) => line(`${path} ${at} ${at < count ? count : 0}`)).join('');
      lines.push(`M 100644 inline ${path}\ndata ${body.length}\n${body}\n`);
    }
  }
  return lines.join('');
}
