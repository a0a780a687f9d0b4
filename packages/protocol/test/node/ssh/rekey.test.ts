import type { AddressInfo } from 'node:net';
import { createTransport } from '@git-kv/protocol/node';
import ssh2 from 'ssh2';
import { expect, onTestFinished, test } from 'vitest';
import { gitEnv } from '../../../../../test/support/git.js';

test('a connection outlives an exchange of new keys, and nobody is asked about the host again', async () => {
  const hostKey = ssh2.utils.generateKeyPairSync('ed25519');
  const server = new ssh2.Server({ hostKeys: [hostKey.private] }, (client) => {
    client.on('error', () => {});
    client.on('authentication', (login) => (login.method === 'password' ? login.accept() : login.reject(['password'])));
    client.on('session', (accept) => {
      accept().on('exec', (acceptExec) => {
        const channel = acceptExec();
        client.rekey(() => {
          channel.write('after');
          channel.exit(0);
          channel.end();
        });
      });
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());

  const asked: string[] = [];
  const transport = createTransport(`ssh://me@127.0.0.1:${(server.address() as AddressInfo).port}/r.git`, {
    environment: gitEnv,
    sshBy: 'library',
    credentials: async () => ({ username: 'me', password: 'any' }),
    ssh: {
      knownHostsFiles: [],
      identityFiles: [],
      agent: false,
      onUnknownHost: ({ fingerprint }) => asked.push(fingerprint) > 0,
    },
  });
  if ('exchange' in transport) throw new Error('BUG');
  const connection = await transport.connect({ service: 'git-upload-pack' });
  let text = '';
  for await (const chunk of connection.incoming) text += new TextDecoder().decode(chunk);
  await connection.close();
  await transport.close?.();
  expect(text).toBe('after');
  expect(asked).toHaveLength(1);
});
