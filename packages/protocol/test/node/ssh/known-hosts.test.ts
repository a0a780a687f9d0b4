import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeDirectory, removeDirectory } from '../../../../../test/support/git.js';
import { hasSshKeygen } from '../../../../../test/support/ssh.js';
import {
  type HostKeyVerdict,
  judgeHostKey,
  keyFingerprint,
  keyTypeOf,
  knownKeyTypes,
  parseKnownHosts,
} from '../../../src/node/ssh/known-hosts.js';

/** A public key as the wire has it, of a type and of some bytes. */
function keyOf(type: string, content: string): Uint8Array {
  const parts = [type, content].map((text) => {
    const bytes = Buffer.from(text, 'latin1');
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  });
  return new Uint8Array(Buffer.concat(parts));
}

const ED = keyOf('ssh-ed25519', 'e'.repeat(32));
const OTHER = keyOf('ssh-ed25519', 'o'.repeat(32));
const RSA = keyOf('ssh-rsa', 'r'.repeat(64));
const text = (key: Uint8Array): string => `${keyTypeOf(key)} ${Buffer.from(key).toString('base64')}`;

describe('known_hosts', () => {
  const cases: [what: string, file: string, host: string, port: number, key: Uint8Array, verdict: HostKeyVerdict][] = [
    ['a host by name', `host ${text(ED)}`, 'host', 22, ED, 'known'],
    ['a host in capitals', `host ${text(ED)}`, 'HOST', 22, ED, 'known'],
    ['one of several names', `a,host,b ${text(ED)} a comment`, 'host', 22, ED, 'known'],
    ['another host', `host ${text(ED)}`, 'other', 22, ED, 'unknown'],
    ['no host', '', 'host', 22, ED, 'unknown'],
    ['a comment', `# host ${text(ED)}`, 'host', 22, ED, 'unknown'],
    ['another key', `host ${text(OTHER)}`, 'host', 22, ED, 'changed'],
    ['a key of another type', `host ${text(RSA)}`, 'host', 22, ED, 'changed'],
    ['several keys', `host ${text(RSA)}\nhost ${text(ED)}`, 'host', 22, ED, 'known'],
    ['a wildcard', `*.example.com ${text(ED)}`, 'git.example.com', 22, ED, 'known'],
    ['a wildcard that does not fit', `*.example.com ${text(ED)}`, 'example.com', 22, ED, 'unknown'],
    ['a question mark', `hos? ${text(ED)}`, 'host', 22, ED, 'known'],
    [
      'a wildcard with an exception',
      `*.example.com,!bad.example.com ${text(ED)}`,
      'bad.example.com',
      22,
      ED,
      'unknown',
    ],
    [
      'an exception that comes first',
      `!bad.example.com,*.example.com ${text(ED)}`,
      'bad.example.com',
      22,
      ED,
      'unknown',
    ],
    ['an exception for another', `*.example.com,!bad.example.com ${text(ED)}`, 'good.example.com', 22, ED, 'known'],
    ['a port', `[host]:2222 ${text(ED)}`, 'host', 2222, ED, 'known'],
    ['another port', `[host]:2222 ${text(ED)}`, 'host', 2223, ED, 'unknown'],
    ['a port for the default one', `[host]:2222 ${text(ED)}`, 'host', 22, ED, 'unknown'],
    ['a bare name for any port', `host ${text(ED)}`, 'host', 2222, ED, 'known'],
    ['another key under the bare name, at a port', `host ${text(OTHER)}`, 'host', 2222, ED, 'unknown'],
    [
      'a key for the port, another under the bare name',
      `host ${text(OTHER)}\n[host]:2222 ${text(ED)}`,
      'host',
      2222,
      ED,
      'known',
    ],
    [
      'another key for the port, it under the bare name',
      `host ${text(ED)}\n[host]:2222 ${text(OTHER)}`,
      'host',
      2222,
      ED,
      'changed',
    ],
    [
      'an authority for the port',
      `host ${text(ED)}\n@cert-authority [host]:2222 ${text(OTHER)}`,
      'host',
      2222,
      ED,
      'known',
    ],
    ['an address', `[::1]:2222 ${text(ED)}`, '::1', 2222, ED, 'known'],
    ['a revoked key', `host ${text(ED)}\n@revoked * ${text(ED)}`, 'host', 22, ED, 'revoked'],
    ['a revoked key before', `@revoked host ${text(ED)}\nhost ${text(ED)}`, 'host', 22, ED, 'revoked'],
    ['a revoked key at a port', `[host]:2222 ${text(ED)}\n@revoked host ${text(ED)}`, 'host', 2222, ED, 'revoked'],
    ['another revoked key', `host ${text(ED)}\n@revoked * ${text(OTHER)}`, 'host', 22, ED, 'known'],
    ['a revoked key of an unknown host', `@revoked other ${text(ED)}`, 'host', 22, ED, 'unknown'],
    ['a certificate authority', `@cert-authority * ${text(ED)}`, 'host', 22, ED, 'unknown'],
    ['a marker that is not known', `@else host ${text(ED)}`, 'host', 22, ED, 'unknown'],
    ['a line that cannot be read', `host ssh-ed25519 ???\nhost ${text(ED)}`, 'host', 22, ED, 'known'],
    ['a type that the key is not of', `host ssh-rsa ${text(ED).split(' ')[1]}`, 'host', 22, ED, 'unknown'],
    ['line ends of another system', `host ${text(ED)}\r\n`, 'host', 22, ED, 'known'],
  ];
  test.each(cases)('with %s', (_what, file, host, port, key, verdict) => {
    expect(judgeHostKey(parseKnownHosts(file), host, port, key)).toBe(verdict);
  });

  test('with a revocation that cannot be read is refused', () => {
    expect(() => parseKnownHosts('host x\n@revoked host ssh-ed25519 ???')).toThrow(
      expect.objectContaining({ code: 'MALFORMED', format: 'known_hosts', offset: 7 }),
    );
  });

  test('does not take long over many stars', () => {
    const pattern = `${'*a'.repeat(2000)}b`;
    const start = performance.now();
    expect(judgeHostKey(parseKnownHosts(`${pattern} ${text(ED)}`), 'a'.repeat(4000), 22, ED)).toBe('unknown');
    expect(performance.now() - start).toBeLessThan(1000);
  });

  test('tells the types of keys that a host is known by', () => {
    const entries = parseKnownHosts(
      `host ${text(RSA)}\n*  ${text(ED)}\n@revoked host ${text(OTHER)}\nelse ${text(ED)}`,
    );
    expect([...knownKeyTypes(entries, 'host', 22)].sort()).toEqual(['ssh-ed25519', 'ssh-rsa']);
    const ported = parseKnownHosts(`host ${text(ED)}\n[host]:2222 ${text(RSA)}`);
    expect([...knownKeyTypes(ported, 'host', 2222)]).toEqual(['ssh-rsa']);
    expect([...knownKeyTypes(ported, 'host', 2223)]).toEqual(['ssh-ed25519']);
  });

  test.each([
    ['nothing', []],
    ['too little', [0, 0, 0]],
    ['a length that lies', [0, 0, 0, 9, 1]],
    ['no length', [0, 0, 0, 0, 1]],
    ['a huge length', [255, 255, 255, 255, 1]],
  ])('sees no type of key in %s', (_what, bytes) => {
    expect(keyTypeOf(Uint8Array.from(bytes))).toBeUndefined();
  });
});

describe.skipIf(!hasSshKeygen)('beside ssh-keygen', () => {
  let directory: string;
  let key: Uint8Array;
  let publicLine: string;

  beforeAll(() => {
    directory = makeDirectory('known-hosts');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(directory, 'key')]);
    publicLine = readFileSync(join(directory, 'key.pub'), 'utf8').trim();
    key = new Uint8Array(Buffer.from(publicLine.split(' ')[1] ?? '', 'base64'));
  });

  afterAll(() => removeDirectory(directory));

  test('the fingerprint is the same', () => {
    const shown = execFileSync('ssh-keygen', ['-l', '-f', join(directory, 'key.pub')], { encoding: 'utf8' });
    expect(shown.split(' ')[1]).toBe(keyFingerprint(key));
  });

  test.each([
    ['host', 22],
    ['host.example.com', 2222],
    ['::1', 2222],
  ])('a hashed name of %s at port %i is found', (host, port) => {
    const file = join(directory, `known-${port}-${host.length}`);
    writeFileSync(file, `${port === 22 ? host : `[${host}]:${port}`} ${publicLine}\n`);
    execFileSync('ssh-keygen', ['-q', '-H', '-f', file], { stdio: 'pipe' });
    const hashed = readFileSync(file, 'utf8');
    expect(hashed).toMatch(/^\|1\|/);
    expect(judgeHostKey(parseKnownHosts(hashed), host, port, key)).toBe('known');
    expect(judgeHostKey(parseKnownHosts(hashed), `${host}x`, port, key)).toBe('unknown');
    expect(judgeHostKey(parseKnownHosts(hashed), host, port, ED)).toBe('changed');
  });
});
