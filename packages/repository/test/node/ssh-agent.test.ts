import type { ChildProcess } from 'node:child_process';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { encodeUtf8, formatSshPublicKey, parseAllowedSigners, parseSshPublicKeyLine } from '@git-kv/objects';
import { signSsh, verifySsh } from '@git-kv/repository';
import { SshAgent } from '@git-kv/repository/node-fs';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { makeDirectory, removeDirectory, temporaryDirectory } from '../../../../test/support/git.js';
import {
  addToSshAgent,
  hasSshKeygen,
  makeSshKey,
  SSH_KEY_KINDS,
  startSshAgent,
  verifyWithKeygen,
} from '../../../../test/support/ssh.js';

describe.skipIf(!hasSshKeygen)('a running ssh-agent (ssh-agent)', () => {
  let root: string;
  let socketPath: string;
  let agentProcess: ChildProcess;
  beforeAll(async () => {
    root = makeDirectory();
    socketPath = join(root, 'agent');
    agentProcess = await startSshAgent(socketPath);
  });
  afterAll(() => {
    agentProcess.kill();
    removeDirectory(root);
  });

  test.each(SSH_KEY_KINDS)('%s: signs with a key that has a passphrase', async (name, _label, options) => {
    const files = makeSshKey(root, name, options, 'a passphrase');
    addToSshAgent(socketPath, files, 'a passphrase');
    const agent = new SshAgent({ socketPath });
    const held = await agent.list();
    const identity = held.find(({ key }) => formatSshPublicKey(key) === files.publicLine);
    expect(identity?.comment).toBe(`${name} of a test`);
    const payload = encodeUtf8(`payload of ${name}`);
    const armored = await signSsh(payload, agent.signer(parseSshPublicKeyLine(files.publicLine).key));
    const signers = `me@x ${files.publicLine}\n`;
    expect(verifyWithKeygen(root, signers, payload, armored, 'me@x')).toBe(true);
    const allowedSigners = parseAllowedSigners(signers);
    expect(await verifySsh(payload, armored, { allowedSigners })).toMatchObject({ status: 'good' });
  });

  test('refuses a key that it does not hold', async () => {
    const files = makeSshKey(root, 'unknown');
    const signer = new SshAgent({ socketPath }).signer(parseSshPublicKeyLine(files.publicLine).key);
    await expect(signSsh(encodeUtf8('x'), signer)).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
  });
});

describe('an ssh-agent that', () => {
  /** A server that answers every connection with these bytes, and then goes on or hangs up. */
  const answering = async (bytes: Uint8Array, hangsUp: boolean): Promise<string> => {
    const path = join(temporaryDirectory(), 'agent');
    const server: Server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => {
        if (hangsUp) socket.end(bytes);
        else socket.write(bytes);
      });
    });
    await new Promise<void>((resolve) => {
      server.listen(path, resolve);
    });
    onTestFinished(() => void server.close());
    return path;
  };

  test.each<[what: string, bytes: number[], hangsUp: boolean, code: string]>([
    ['hangs up', [], true, 'TRANSPORT_FAILED'],
    ['hangs up within an answer', [0, 0, 0, 5, 12, 0], true, 'TRANSPORT_FAILED'],
    ['does not answer', [], false, 'TRANSPORT_FAILED'],
    ['does not end an answer', [0, 0, 0, 5, 12], false, 'TRANSPORT_FAILED'],
    ['says a length over the limit', [0xff, 0xff, 0xff, 0xff], false, 'LIMIT_EXCEEDED'],
    ['says more than its length', [0, 0, 0, 5, 12, 0, 0, 0, 0, 1], false, 'MALFORMED'],
    ['answers nothing', [0, 0, 0, 0], false, 'MALFORMED'],
    ['refuses', [0, 0, 0, 1, 5], false, 'ACCESS_DENIED'],
  ])('%s is told of', async (_what, bytes, hangsUp, code) => {
    const socketPath = await answering(Uint8Array.from(bytes), hangsUp);
    await expect(new SshAgent({ socketPath, timeoutMs: 200 }).list()).rejects.toMatchObject({ code });
  });

  test('answers in pieces is understood', async () => {
    const path = join(temporaryDirectory(), 'agent');
    const server = createServer((socket) => {
      const answer = Uint8Array.of(0, 0, 0, 5, 12, 0, 0, 0, 0);
      socket.setNoDelay(true);
      socket.once('data', () => {
        let at = 0;
        const next = (): void => {
          if (at < answer.length) socket.write(answer.subarray(at, ++at), () => setImmediate(next));
        };
        next();
      });
      socket.on('error', () => {});
    });
    await new Promise<void>((resolve) => {
      server.listen(path, resolve);
    });
    onTestFinished(() => void server.close());
    expect(await new SshAgent({ socketPath: path }).list()).toEqual([]);
  });

  test('is not there is told of, and so is an abort', async () => {
    const socketPath = join(temporaryDirectory(), 'none');
    await expect(new SshAgent({ socketPath }).list()).rejects.toMatchObject({ code: 'TRANSPORT_FAILED' });
    await expect(new SshAgent({ socketPath: '' }).list()).rejects.toMatchObject({ code: 'TRANSPORT_FAILED' });
    const silent = await answering(new Uint8Array(0), false);
    const controller = new AbortController();
    const waiting = new SshAgent({ socketPath: silent, signal: controller.signal }).list();
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await expect(new SshAgent({ socketPath: silent, signal: controller.signal }).list()).rejects.toThrow('enough');
  });
});
