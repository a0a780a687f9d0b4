import { generateKeyPairSync } from 'node:crypto';
import {
  buildCommit,
  buildIdentity,
  buildTag,
  concatBytes,
  encodeUtf8,
  formatSshPublicKey,
  parseAllowedSigners,
  type SshPrivateKey,
  sha1,
  sha256,
} from '@git-kv/objects';
import { readSshPrivateKey, signCommit, signTag, sshSigner, verifyCommitBody, verifyTagBody } from '@git-kv/repository';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';

// A strict judge calls one object good for one signature: whatever else is made of its bytes, without the key, is not.

const pem = { type: 'pkcs8', format: 'pem' } as const;
const KEYS = {
  ed25519: () => generateKeyPairSync('ed25519').privateKey.export(pem).toString(),
  rsa: () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export(pem).toString(),
  ecdsa: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export(pem).toString(),
};

describe.each(Object.entries(KEYS))('an object signed with %s', (name, makeKey) => {
  // What stands around a signature is the same for all: one of them is looked at in full.
  const isFull = name === 'ed25519';
  let key: SshPrivateKey;
  beforeAll(async () => {
    key = await readSshPrivateKey(makeKey());
  });

  const who = buildIdentity({ name: 'A', email: 'a@b', timestamp: 1700000000 });
  const makers = [sha1, sha256].flatMap((algorithm) => {
    const commit = buildCommit({
      treeOid: algorithm.emptyTreeOid,
      parentOids: ['1'.repeat(algorithm.hexLength)],
      author: who,
      committer: who,
      message: 'A message\n',
      extraHeaders: [{ name: 'x-more', value: 'two\nlines' }],
    });
    const tag = buildTag({
      targetOid: algorithm.emptyTreeOid,
      targetKind: 'tree',
      name: 'v',
      tagger: who,
      message: 'm\n',
    });
    const options = () => ({ allowedSigners: parseAllowedSigners(`me@x ${formatSshPublicKey(key.publicKey)}`) });
    const isGood = async (verdict: Promise<{ status: string }>) => (await verdict).status === 'good';
    return [
      {
        what: `commit of ${algorithm.name}`,
        make: () => signCommit(commit, algorithm, sshSigner(key)),
        isGood: (body: Uint8Array) => isGood(verifyCommitBody(body, algorithm, options())),
      },
      {
        what: `tag of ${algorithm.name}`,
        make: () => signTag(tag, sshSigner(key)),
        isGood: (body: Uint8Array) => isGood(verifyTagBody(body, options())),
      },
    ];
  });

  test.each(makers)('a $what is good with no byte changed, put in or left out', async ({ make, isGood }) => {
    const body = await make();
    expect(await isGood(body)).toBe(true);
    const good: string[] = [];
    const check = async (what: string, changed: Uint8Array): Promise<void> => {
      if (await isGood(changed)) good.push(what);
    };
    for (let at = 0; at < body.length; at++) {
      const byte = body[at] as number;
      for (const other of isFull ? [byte ^ 1, byte ^ 0x20, 0x0a, 0x20, 0] : [byte ^ 1]) {
        if (other === byte) continue;
        const changed = body.slice();
        changed[at] = other;
        await check(`${at}: ${byte} to ${other}`, changed);
      }
      await check(`${at} left out`, concatBytes([body.subarray(0, at), body.subarray(at + 1)]));
    }
    for (let at = 0; at <= body.length; at++) {
      for (const byte of isFull ? [0x0a, 0x20, 0x0d, 0x3d, 0x41] : [0x0a]) {
        const changed = concatBytes([body.subarray(0, at), Uint8Array.of(byte), body.subarray(at)]);
        // A line feed beside a line feed may be the same bytes again.
        if (Buffer.compare(changed, body) !== 0) await check(`${byte} at ${at}`, changed);
      }
    }
    expect(good).toEqual([]);
  });

  test.each(makers)('a $what is good with no line moved, repeated or added', async ({ make, isGood }) => {
    const body = await make();
    const lines = new TextDecoder().decode(body).split('\n');
    const added = [
      'gpgsig x',
      'gpgsig-sha256 x',
      'gpgsig-x y',
      ' ',
      '',
      'tree x',
      '-----END SSH SIGNATURE-----',
      ' more',
    ];
    const change = fc.record({
      from: fc.nat({ max: lines.length - 1 }),
      to: fc.nat({ max: lines.length }),
      kind: fc.constantFrom('move', 'repeat', 'add'),
      line: fc.constantFrom(...added),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
        const next = [...lines];
        for (const { from, to, kind, line } of changes) {
          const taken = kind === 'move' ? (next.splice(from, 1)[0] as string) : kind === 'add' ? line : next[from];
          next.splice(to, 0, taken as string);
        }
        const changed = encodeUtf8(next.join('\n'));
        if (Buffer.compare(changed, body) !== 0) expect(await isGood(changed)).toBe(false);
      }),
      { numRuns: isFull ? 500 : 100 },
    );
  });
});
