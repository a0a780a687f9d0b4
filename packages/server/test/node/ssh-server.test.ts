import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { hashAlgorithm } from '@git-kv/objects';
import { connectUploadPack } from '@git-kv/protocol';
import { createTransport, type TransportOptions } from '@git-kv/protocol/node';
import { createMemoryRepository } from '@git-kv/repository/memory';
import { allowAll, type ConnectionAccess, type ServerEvent } from '@git-kv/server';
import { type ListeningServer, type ListenSshOptions, listenSsh, type SshLogin } from '@git-kv/server/node';
import ssh2 from 'ssh2';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  commitFiles,
  git,
  gitAsync,
  gitEnv,
  initBare,
  makeDirectory,
  type ObjectFormat,
  removeDirectory,
  runAsync,
  temporaryDirectory,
} from '../../../../test/support/git.js';
import {
  addToSshAgent,
  hasSshKeygen,
  makeSshKey,
  SSH_KEY_KINDS,
  type SshKeyFiles,
  startSshAgent,
} from '../../../../test/support/ssh.js';

let directory: string;
let hostKey: SshKeyFiles;
let userKey: SshKeyFiles;
let otherKey: SshKeyFiles;
let listening: ListeningServer | undefined;
let events: ServerEvent[] = [];
let asked: ConnectionAccess[] = [];
let logins: SshLogin[] = [];

beforeAll(() => {
  if (!hasSshKeygen) return;
  directory = makeDirectory('ssh-server');
  hostKey = makeSshKey(directory, 'host');
  userKey = makeSshKey(directory, 'user');
  otherKey = makeSshKey(directory, 'other', ['-t', 'ed25519', '-a', '1'], 'open sesame');
});

afterAll(() => {
  if (hasSshKeygen) removeDirectory(directory);
});

afterEach(async () => {
  await listening?.close();
  listening = undefined;
  events = [];
  asked = [];
  logins = [];
});

const keyBytes = (key: SshKeyFiles): string => key.publicLine.split(' ')[1] as string;

async function start(
  options: Partial<ListenSshOptions> = {},
  repository = createMemoryRepository(),
): Promise<ListeningServer> {
  listening = await listenSsh({
    hostKeys: [hostKey.privateText],
    authenticate: (login) => {
      logins.push(login);
      if (login.method === 'password') return login.password === 's3cret' ? { name: 'by password' } : undefined;
      return Buffer.from(login.key).toString('base64') === keyBytes(userKey) ? { name: 'by key' } : undefined;
    },
    resolve: (path) => (path === 'r.git' ? repository : undefined),
    authorize: (access) => {
      asked.push(access);
      return allowAll();
    },
    onEvent: (event) => void events.push(event),
    ...options,
  });
  writeFileSync(join(directory, 'known_hosts'), `[127.0.0.1]:${listening.port} ${hostKey.publicLine}\n`);
  return listening;
}

const sshCommand = (key: SshKeyFiles): string =>
  `ssh -F none -o UserKnownHostsFile=${join(directory, 'known_hosts')} -o StrictHostKeyChecking=yes -o IdentitiesOnly=yes -o BatchMode=yes -i ${key.path}`;

describe.skipIf(!hasSshKeygen)('a server over ssh', () => {
  describe.each<ObjectFormat>(['sha1', 'sha256'])('with a repository in %s, is used by git', (objectFormat) => {
    test.each([0, 2])('to push, clone, fetch and delete, in protocol v%i', async (version) => {
      const repository = createMemoryRepository({ algorithm: hashAlgorithm(objectFormat) });
      const { port } = await start({}, repository);
      const url = `ssh://me@127.0.0.1:${port}/r.git`;
      const source = initBare(join(temporaryDirectory(), 'source.git'), objectFormat);
      const tip = commitFiles(source, [{ files: { 'a.txt': 'one\n' } }, { files: { 'b.txt': 'two\n' } }]);
      const run = async (...args: string[]): Promise<string> => {
        const env = { GIT_SSH_COMMAND: sshCommand(userKey) };
        const ended = await gitAsync(['-c', `protocol.version=${version}`, ...args], { cwd: source, env });
        expect(ended.code, ended.stderr).toBe(0);
        return ended.stdout;
      };
      await run('push', '--quiet', url, 'main', 'main:refs/heads/other');
      expect(await run('ls-remote', url)).toContain(`${tip}\trefs/heads/other`);
      const clone = join(source, 'clone.git');
      await run('clone', '--quiet', '--bare', url, clone);
      expect(git(['rev-parse', 'main'], { cwd: clone })).toBe(tip);
      git(['fsck', '--strict'], { cwd: clone });
      await run('push', '--quiet', url, ':other');
      expect(asked.at(-1)?.peer).toMatchObject({
        transport: 'ssh',
        username: 'me',
        remoteAddress: '127.0.0.1',
        identity: { name: 'by key' },
      });
      expect(events.filter(({ kind }) => kind === 'error')).toEqual([]);
    });
  });

  const ssh = async (port: number, key: SshKeyFiles, ...command: string[]) =>
    await runAsync('sh', ['-c', `exec ${sshCommand(key)} -p ${port} me@127.0.0.1 "$@"`, 'ssh', ...command]);

  test.each([
    ['another program', ['ls', '/'], 'git-upload-pack and git-receive-pack only'],
    ['no program', [], 'git-upload-pack and git-receive-pack only'],
    ['two programs', ["git-upload-pack 'r.git'; ls"], 'git-upload-pack and git-receive-pack only'],
    ['a repository that is not there', ["git-upload-pack '/absent.git'"], 'there is no repository here'],
    ['a path that climbs', ["git-upload-pack '../r.git'"], 'the path is not allowed'],
  ])('refuses %s, and says so', async (_what, command, words) => {
    const { port } = await start();
    const ended = await ssh(port, userKey, ...command);
    expect(ended).toMatchObject({ code: 128, stdout: '', stderr: expect.stringContaining(words) });
  });

  test('refuses pushes by default', async () => {
    const { port } = await start({ authorize: undefined as never });
    expect(await ssh(port, userKey, "git-receive-pack 'r.git'")).toMatchObject({
      code: 128,
      stderr: expect.stringContaining('pushes are not enabled on this server'),
    });
  });

  test('lets nobody in with another key, or where deciding fails', async () => {
    const strange = makeSshKey(temporaryDirectory(), 'strange');
    const { port } = await start();
    expect(await ssh(port, strange, "git-upload-pack 'r.git'")).toMatchObject({
      code: 255,
      stderr: expect.stringContaining('Permission denied'),
    });
    await listening?.close();
    const failing = await start({
      authenticate: () => {
        throw new Error('no');
      },
    });
    expect((await ssh(failing.port, userKey, "git-upload-pack 'r.git'")).code).toBe(255);
  });

  test.each(SSH_KEY_KINDS)('lets in a key of kind %s', async (name, _label, options) => {
    const key = makeSshKey(temporaryDirectory(), name, options);
    const { port } = await start({
      authenticate: (login) =>
        login.method === 'publickey' && Buffer.from(login.key).toString('base64') === keyBytes(key) ? 'me' : undefined,
    });
    expect((await ssh(port, key, "git-upload-pack 'absent'")).code).toBe(128);
    const transport = createTransport(`ssh://me@127.0.0.1:${port}/r.git`, {
      environment: gitEnv,
      sshBy: 'library',
      ssh: { knownHostsFiles: [join(directory, 'known_hosts')], identityFiles: [key.path] },
    });
    await (await connectUploadPack(transport)).close();
    await transport.close?.();
  });

  test.each([
    ['does not log in', { initTimeoutMs: 100 }],
    ['sends something else', { initTimeoutMs: 10_000 }],
  ])('lets go of a client that %s', async (what, limits) => {
    const { port } = await start(limits);
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.resume();
    if (what.startsWith('sends')) socket.write('GET / HTTP/1.1\r\n\r\n'.repeat(100));
    await new Promise((resolve) => socket.once('close', resolve));
  });

  test('takes no more connections than it is told', async () => {
    const { port } = await start({ maxConnections: 1 });
    const held = connect(port, '127.0.0.1');
    held.on('error', () => {});
    await once(held, 'connect');
    expect((await ssh(port, userKey, "git-upload-pack 'r.git'")).code).toBe(255);
    expect(events).toContainEqual(expect.objectContaining({ kind: 'refused', status: 503 }));
    held.destroy();
  });

  test('lets go of a client that asked for nothing allowed and never closes its channel', async () => {
    const { port } = await start({ idleTimeoutMs: 100 });
    const client = new ssh2.Client();
    client.on('error', () => {});
    const gone = once(client, 'close');
    client.connect({ host: '127.0.0.1', port, username: 'me', privateKey: userKey.privateText });
    await once(client, 'ready');
    client.exec('ls', (_error, channel) => {
      channel.resume();
      channel.close = () => {}; // what ssh2 does when the server has closed its side
    });
    await gone;
  });

  test.each(['is gone', 'reads no further'])('closes in mid-pack where the client %s', async (what) => {
    const repository = createMemoryRepository();
    const noise = randomBytes(8 << 20); // four times what a channel takes unread
    const wanted = await repository.objects.write({ kind: 'blob', body: noise });
    await repository.refs.update([{ name: 'refs/tags/noise', next: { oid: wanted } }]);
    const server = await start({}, repository);
    const transport = library(server.port);
    if ('exchange' in transport) throw new Error('BUG');
    const connection = await transport.connect({ service: 'git-upload-pack', version: 0 });
    const reader = connection.incoming[Symbol.asyncIterator]();
    await reader.next();
    await connection.send(new TextEncoder().encode(`0032want ${wanted}\n00000009done\n`));
    await reader.next();
    if (what === 'is gone') await connection.close();
    await server.close();
    await connection.close();
  });

  test('closes twice, with a client under way', async () => {
    const server = await start();
    const transport = library(server.port);
    if ('exchange' in transport) throw new Error('BUG');
    const connection = await transport.connect({ service: 'git-receive-pack' });
    const reader = connection.incoming[Symbol.asyncIterator]();
    await reader.next();
    await server.close();
    await server.close();
    await expect(reader.next()).rejects.toMatchObject({ code: 'TRANSPORT_CLOSED' });
    await connection.close();
  });
});

function library(port: number, ssh: TransportOptions['ssh'] = {}, options: TransportOptions = {}) {
  return createTransport(`ssh://me@127.0.0.1:${port}/r.git`, {
    environment: gitEnv,
    sshBy: 'library',
    ...options,
    ssh: {
      knownHostsFiles: [join(directory, 'known_hosts')],
      identityFiles: [userKey.path],
      agent: false,
      ...ssh,
    },
  });
}

describe.skipIf(!hasSshKeygen)('a client of the ssh library', () => {
  async function tryOut(ssh: TransportOptions['ssh'], options: TransportOptions = {}): Promise<unknown> {
    const transport = library(listening?.port ?? 0, ssh, options);
    try {
      await (await connectUploadPack(transport)).close();
      return 'served';
    } catch (error) {
      return error;
    } finally {
      await transport.close?.();
    }
  }
  const noHosts = { knownHostsFiles: [] };

  test('trusts no host that it does not know, and offers it nothing', async () => {
    await start();
    expect(await tryOut(noHosts)).toMatchObject({
      code: 'HOST_KEY_REFUSED',
      message: expect.stringMatching(/127\.0\.0\.1.*SHA256:/),
    });
    expect(logins).toEqual([]);
  });

  test('asks about a host that it does not know', async () => {
    const { port } = await start();
    const hosts: unknown[] = [];
    const onUnknownHost = (host: unknown): boolean => {
      hosts.push(host);
      return true;
    };
    expect(await tryOut({ ...noHosts, onUnknownHost })).toBe('served');
    expect(hosts).toEqual([
      { host: '127.0.0.1', port, keyType: 'ssh-ed25519', fingerprint: expect.stringMatching(/^SHA256:/) },
    ]);
    expect(await tryOut({ ...noHosts, onUnknownHost: async () => false })).toMatchObject({ code: 'HOST_KEY_REFUSED' });
  });

  test('does not ask about a key that changed or was revoked', async () => {
    const { port } = await start();
    const file = join(directory, 'other_hosts');
    const asks = { knownHostsFiles: [file], onUnknownHost: () => true };
    writeFileSync(file, `[127.0.0.1]:${port} ${userKey.publicLine}\n`);
    expect(await tryOut(asks)).toMatchObject({
      code: 'HOST_KEY_REFUSED',
      message: expect.stringContaining('another key'),
    });
    writeFileSync(file, `[127.0.0.1]:${port} ${hostKey.publicLine}\n@revoked * ${hostKey.publicLine}\n`);
    expect(await tryOut(asks)).toMatchObject({ code: 'HOST_KEY_REFUSED', message: expect.stringContaining('revoked') });
    expect(logins).toEqual([]);
  });

  test('asks for the kind of key that it knows the host by', async () => {
    const rsa = makeSshKey(temporaryDirectory(), 'rsa', ['-t', 'rsa', '-b', '2048']);
    const { port } = await start({ hostKeys: [hostKey.privateText, rsa.privateText] });
    const file = join(directory, 'rsa_hosts');
    writeFileSync(file, `[127.0.0.1]:${port} ${rsa.publicLine}\n`);
    expect(await tryOut({ knownHostsFiles: [file] })).toBe('served');
  });

  test('unlocks a key with its passphrase, which it asks for until it is right', async () => {
    await start({
      authenticate: (login) =>
        login.method === 'publickey' && Buffer.from(login.key).toString('base64') === keyBytes(otherKey)
          ? 'me'
          : undefined,
    });
    const attempts: number[] = [];
    const passphrase = async ({ attempt }: { attempt: number }): Promise<string> => {
      attempts.push(attempt);
      return attempt === 2 ? 'open sesame' : 'wrong';
    };
    expect(await tryOut({ identityFiles: [otherKey.path], passphrase })).toBe('served');
    expect(attempts).toEqual([1, 2]);
    expect(await tryOut({ identityFiles: [otherKey.path], passphrase: async () => 'wrong' })).toMatchObject({
      code: 'ENCRYPTED_KEY',
    });
    expect(await tryOut({ identityFiles: [otherKey.path] })).toMatchObject({ code: 'AUTHENTICATION_FAILED' });
  });

  test('uses what an agent holds', async () => {
    await start();
    const socket = join(temporaryDirectory(), 'agent');
    const agent = await startSshAgent(socket);
    try {
      addToSshAgent(socket, userKey);
      expect(await tryOut({ identityFiles: [], agent: socket })).toBe('served');
      const environment = { ...gitEnv, SSH_AUTH_SOCK: socket };
      expect(await tryOut({ identityFiles: [], agent: undefined }, { environment })).toBe('served');
    } finally {
      agent.kill();
    }
    expect(await tryOut({ agent: '/nonexistent/agent' })).toBe('served');
  });

  test('asks for a password where keys do not help, and for another one', async () => {
    await start();
    const attempts: number[] = [];
    const credentials = async ({ attempt, username }: { attempt: number; username?: string }) => {
      attempts.push(attempt);
      return { username: username ?? '', password: attempt === 2 ? 's3cret' : 'wrong' };
    };
    expect(await tryOut({ identityFiles: [] }, { credentials })).toBe('served');
    expect(attempts).toEqual([1, 2]);
    const refused = await tryOut(
      { identityFiles: [] },
      { credentials: async () => ({ username: '', password: 'wr0ng' }) },
    );
    expect(refused).toMatchObject({ code: 'AUTHENTICATION_FAILED' });
    expect(JSON.stringify([refused, String((refused as Error).cause)])).not.toContain('wr0ng');
  });

  test.each([['me@[127.0.0.1:PORT]:r.git'], ['ssh://me@127.0.0.1:PORT/r.git']])(
    'asks for the password of %s by the URL of the host',
    async (address) => {
      const { port } = await start();
      const urls: string[] = [];
      const transport = createTransport(address.replace('PORT', String(port)), {
        environment: gitEnv,
        sshBy: 'library',
        credentials: async ({ url }) => {
          urls.push(url);
          return { username: '', password: 's3cret' };
        },
        ssh: { knownHostsFiles: [join(directory, 'known_hosts')], identityFiles: [], agent: false },
      });
      await (await connectUploadPack(transport)).close();
      await transport.close?.();
      expect(urls).toEqual([`ssh://me@127.0.0.1:${port}/`]);
    },
  );

  test('keeps a connection for the next use, and closes it when it is closed itself', async () => {
    const { port } = await start();
    const transport = library(port);
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    for (let turn = 0; turn < 15; turn++) await (await connectUploadPack(transport)).close();
    process.off('warning', onWarning);
    expect(warnings).toEqual([]); // of listeners that pile up
    expect(logins.filter(({ method }) => method === 'publickey').length).toBeLessThanOrEqual(2);
    await transport.close?.();
  });
});
