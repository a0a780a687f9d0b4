import { generateKeyPairSync } from 'node:crypto';
import { buildCommit, buildIdentity, encodeUtf8, formatSshPublicKey, parseAllowedSigners, sha1 } from '@git-kv/objects';
import { readSshPrivateKey, signCommit, signSsh, sshSigner, verifyCommitBody, verifySsh } from '@git-kv/repository';
import { describe, expect, test } from 'vitest';

describe('a signature of a key that is not valid any more', async () => {
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const key = await readSshPrivateKey(pem);
  const allowedSigners = parseAllowedSigners(`me@x valid-before="20200101" ${formatSshPublicKey(key.publicKey)}`);
  const who = buildIdentity({ name: 'A', email: 'a@b', timestamp: 1700000000 });
  const fields = { treeOid: sha1.emptyTreeOid, parentOids: [], author: who, committer: who, message: '' };
  const payload = encodeUtf8('text');
  const commit = await signCommit(buildCommit(fields), sha1, sshSigner(key));
  const armored = await signSsh(payload, key, { namespace: 'git' });

  test('is expired, and was good before', async () => {
    expect(await verifyCommitBody(commit, sha1, { allowedSigners })).toMatchObject({ status: 'expired' });
    expect(await verifySsh(payload, armored, { allowedSigners, timestamp: 1500000000 })).toMatchObject({
      status: 'good',
    });
  });

  test.each([Number.NaN, Number.NEGATIVE_INFINITY, 1500000000.5])(
    'is not judged at %s, which is no time',
    async (timestamp) => {
      await expect(verifyCommitBody(commit, sha1, { allowedSigners, timestamp })).rejects.toThrow(RangeError);
      await expect(verifySsh(payload, armored, { allowedSigners, timestamp })).rejects.toThrow(RangeError);
    },
  );
});
