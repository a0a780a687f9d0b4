import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import {
  type ConnectionTransport,
  connectReceivePack,
  connectUploadPack,
  type ProtocolVersion,
  type Transport,
} from '@git-kv/protocol';
import { createTransport, type TransportOptions } from '@git-kv/protocol/node';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { commitFiles, git, gitEnv, initBare, makeDirectory, removeDirectory } from '../../../../test/support/git.js';
import { type GitDaemon, startGitDaemon } from '../../../../test/support/git-daemon.js';
import { type Sshd, sshdProblem, startSshd } from '../../../../test/support/sshd.js';
import { collect, packOf } from '../support.js';

const FORMATS = ['sha1', 'sha256'] as const;
let root: string;
let daemon: GitDaemon;
let sshd: Sshd | undefined;
const tips = new Map<string, string>();

beforeAll(async () => {
  root = makeDirectory('connections');
  for (const format of FORMATS) {
    const directory = initBare(join(root, `it's ${format}.git`), format);
    tips.set(format, commitFiles(directory, [{ files: { 'a.txt': 'one\n' } }]));
  }
  daemon = await startGitDaemon(root, { enableReceivePack: true });
  if (sshdProblem === undefined) sshd = await startSshd(root);
});

afterAll(async () => {
  await daemon.close();
  await sshd?.close();
  removeDirectory(root);
});

type Open = (name: string, options?: TransportOptions) => Transport;
const environment = gitEnv;

const overGit: Open = (name, options) =>
  createTransport(`${daemon.url}/${encodeURIComponent(name)}`, { environment, ...options });
const overLocalProgram: Open = (name, options) => createTransport(join(root, name), { environment, ...options });
const sshUrl = (name: string): string =>
  `ssh://${sshd?.user}@127.0.0.1:${sshd?.port}${root}/${encodeURIComponent(name)}`;
const overSshProgram: Open = (name, options) =>
  createTransport(sshUrl(name), { environment: { ...environment, GIT_SSH_COMMAND: sshd?.command }, ...options });
const overSshLibrary: Open = (name, options) =>
  createTransport(sshUrl(name), {
    environment,
    sshBy: 'library',
    ssh: { knownHostsFiles: [sshd?.knownHosts ?? ''], identityFiles: [sshd?.userKey.path ?? ''] },
    ...options,
  });

const WAYS: readonly (readonly [name: string, open: Open, needsSshd: boolean])[] = [
  ['git://', overGit, false],
  ["git's programs", overLocalProgram, false],
  ['the ssh program', overSshProgram, true],
  ['the ssh library', overSshLibrary, true],
];

/** Every version; over ssh, where each try takes a second, every version once. */
const versions = (isSlow: boolean, format: string): ProtocolVersion[] =>
  isSlow ? (format === 'sha1' ? [0, 2] : [1]) : [0, 1, 2];

describe.each(WAYS)('over %s', (way, open, needsSshd) => {
  describe.each(FORMATS)('a repository in %s', (format) => {
    test.each(versions(needsSshd, format))('is listed and fetched in protocol version %i', async (version) => {
      if (needsSshd && sshd === undefined) return expect(sshdProblem).toBeDefined();
      const transport = open(`it's ${format}.git`);
      const client = await connectUploadPack(transport, { version });
      expect(client.algorithm.name).toBe(format);
      const tip = tips.get(format) as string;
      expect((await client.lsRefs()).find(({ name }) => name === 'refs/heads/main')?.oid).toBe(tip);
      const { pack } = await client.fetch({ wants: [tip] });
      if (pack === undefined) throw new Error('no pack');
      const bytes = await collect(pack);
      expect(new TextDecoder('latin1').decode(bytes.subarray(0, 4))).toBe('PACK');
      await client.close();
      await transport.close?.();
    });

    test('takes a push', async () => {
      if (needsSshd && sshd === undefined) return expect(sshdProblem).toBeDefined();
      const directory = join(root, `it's ${format}.git`);
      const transport = open(`it's ${format}.git`);
      const client = await connectReceivePack(transport);
      const oid = tips.get(format) as string;
      expect(client.refs.find(({ name }) => name === 'refs/heads/main')?.oid).toBe(oid);
      const name = `refs/heads/${way.replaceAll(/[^a-z]/g, '')}`;
      const pack = packOf(directory, [oid]);
      const report = await client.push({
        commands: [{ name, oldOid: null, newOid: oid }],
        pack: (async function* () {
          yield pack;
        })(),
      });
      expect(report.results).toEqual([{ name, ok: true }]);
      expect(git(['rev-parse', name], { cwd: directory })).toBe(oid);
      await client.close();
      await transport.close?.();
    });
  });

  test('a repository that is not there has its own error', async () => {
    if (needsSshd && sshd === undefined) return expect(sshdProblem).toBeDefined();
    const transport = open('absent.git');
    const failure = await connectUploadPack(transport).catch((error: unknown) => error);
    const code = way === 'git://' ? 'REMOTE_ERROR' : 'REPOSITORY_NOT_FOUND';
    expect(failure).toMatchObject({ code });
    expect((failure as Error).message).toMatch(/absent\.git|repository/);
    await transport.close?.();
  });

  test('an abort ends what is under way', async () => {
    if (needsSshd && sshd === undefined) return expect(sshdProblem).toBeDefined();
    const transport = open("it's sha1.git") as ConnectionTransport;
    const reason = new Error('enough');
    await expect(transport.connect({ service: 'git-upload-pack', signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
    const connection = await transport.connect({ service: 'git-upload-pack', version: 2 });
    const read = collect(connection.incoming).catch((error: unknown) => error);
    await connection.close();
    await connection.close();
    await expect(connection.send(new Uint8Array(4))).rejects.toMatchObject({ code: 'TRANSPORT_CLOSED' });
    await read;
    await transport.close?.();
  });
});

describe('a server that', () => {
  async function listenWith(onConnection: (socket: Socket) => void): Promise<string> {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      onConnection(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    });
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  test('is not there is a failure to connect', async () => {
    const transport = createTransport('git://127.0.0.1:1/r', { environment });
    await expect(connectUploadPack(transport)).rejects.toMatchObject({ code: 'TRANSPORT_FAILED', retryable: true });
  });

  test('says nothing is given up over git://', async () => {
    const address = await listenWith(() => {});
    const transport = createTransport(`git://${address}/r`, { environment, timeoutMs: 50 });
    await expect(connectUploadPack(transport)).rejects.toMatchObject({
      code: 'TRANSPORT_CLOSED',
      message: expect.stringContaining('50 ms'),
    });
  });

  test('is too slow is given up', async () => {
    const address = await listenWith((socket) => {
      socket.write('0032');
      const drip = setInterval(() => socket.write('0'), 10);
      socket.once('close', () => clearInterval(drip));
    });
    const pace = { minBytesPerSecond: 10_000, windowMs: 100 };
    const transport = createTransport(`git://${address}/r`, { environment, pace });
    await expect(connectUploadPack(transport)).rejects.toMatchObject({
      code: 'TRANSPORT_CLOSED',
      message: expect.stringContaining('too slow'),
    });
  });

  test('says nothing is given up over ssh', async () => {
    const address = await listenWith(() => {});
    const transport = createTransport(`ssh://me@${address}/r`, {
      environment,
      sshBy: 'library',
      ssh: { connectTimeoutMs: 50, knownHostsFiles: [] },
    });
    await expect(connectUploadPack(transport)).rejects.toMatchObject({ code: 'TRANSPORT_CLOSED' });
  });

  test('hangs up at once closes the connection', async () => {
    const address = await listenWith((socket) => void socket.end());
    await expect(connectUploadPack(createTransport(`git://${address}/r`, { environment }))).rejects.toMatchObject({
      code: 'TRANSPORT_CLOSED',
    });
    const ssh = { environment, sshBy: 'library' as const, ssh: { knownHostsFiles: [] } };
    await expect(connectUploadPack(createTransport(`ssh://me@${address}/r`, ssh))).rejects.toMatchObject({
      code: expect.stringMatching(/^TRANSPORT_/),
    });
  });
});

describe('a program', () => {
  const script = (text: string): string => {
    const path = join(root, `program-${Math.random().toString(36).slice(2)}`);
    writeFileSync(path, `#!/bin/sh\n${text}\n`);
    chmodSync(path, 0o700);
    return path;
  };
  const connect = (command: string, options: TransportOptions = {}): Promise<unknown> =>
    connectUploadPack(
      createTransport('me@host:a/b', { environment: { ...environment, GIT_SSH: command }, ...options }),
    );

  test.each([
    ['that is not there', '/nonexistent/ssh', { code: 'TRANSPORT_FAILED' }],
    ['that cannot reach the host', 'echo refused >&2; exit 255', { code: 'TRANSPORT_FAILED', retryable: true }],
    [
      'that cannot log in',
      'echo "me@host: Permission denied (publickey)." >&2; exit 255',
      { code: 'AUTHENTICATION_FAILED' },
    ],
    ['that does not know the host', 'echo "Host key verification failed." >&2; exit 255', { code: 'HOST_KEY_REFUSED' }],
    [
      'whose remote half is missing',
      'echo "sh: git-upload-pack: not found" >&2; exit 127',
      { code: 'TRANSPORT_FAILED' },
    ],
    ['that fails', 'echo "fatal: no" >&2; exit 128', { code: 'REMOTE_ERROR', remoteMessage: 'fatal: no' }],
    [
      'that finds no repository',
      'echo "fatal: \'a/b\' does not appear to be a git repository" >&2; exit 128',
      { code: 'REPOSITORY_NOT_FOUND' },
    ],
    ['that is killed', 'kill -9 $$', { code: 'TRANSPORT_FAILED' }],
    ['that says nothing', 'exit 0', { code: 'TRANSPORT_CLOSED' }],
  ])('%s has its own error', async (_what, text, expected) => {
    const command = text.startsWith('/') ? text : script(text);
    const failure = await connect(command).catch((error: unknown) => error);
    expect(failure).toMatchObject(expected);
  });

  test('that floods its standard error is told of by the end of it', async () => {
    const program = script('head -c 1000000 /dev/zero | tr "\\0" "x" >&2; echo " the end" >&2; exit 1');
    const failure = await connect(program).catch((error: unknown) => error);
    expect((failure as Error).message).toMatch(/x the end$/);
    expect((failure as Error).message.length).toBeLessThan(5000);
  });

  test('that stalls is given up, and ended', async () => {
    const failure = await connect(script('exec sleep 60'), { timeoutMs: 50 }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'TRANSPORT_CLOSED' });
  });

  test.each([
    ['ssh', {}, ['-o', 'SendEnv=GIT_PROTOCOL', '-p', '2222', 'me@host', "git-upload-pack '/a b'\\''c'"]],
    ['plink', { GIT_SSH_VARIANT: 'plink' }, ['-P', '2222', 'me@host', "git-upload-pack '/a b'\\''c'"]],
    [
      'tortoiseplink',
      { GIT_SSH_VARIANT: 'tortoiseplink' },
      ['-batch', '-P', '2222', 'me@host', "git-upload-pack '/a b'\\''c'"],
    ],
  ])('of the family %s gets its arguments as git gives them', async (_family, variables, expected) => {
    const out = join(root, 'arguments');
    const program = script(
      `for a in "$@"; do printf '%s\\n' "$a"; done > '${out}'; echo $GIT_PROTOCOL >> '${out}'; exit 1`,
    );
    const transport = createTransport("ssh://me@host:2222/a%20b'c", {
      environment: { ...environment, GIT_SSH: program, ...variables },
    });
    await connectUploadPack(transport).catch(() => {});
    expect(readFileSync(out, 'utf8').trimEnd().split('\n')).toEqual([...expected, 'version=2']);
  });

  test('of the simplest family gets no port', async () => {
    const transport = createTransport('ssh://host:2222/a', {
      environment: { ...environment, GIT_SSH: 'x', GIT_SSH_VARIANT: 'simple' },
    });
    await expect(connectUploadPack(transport)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });
});
