import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllowedSigners, parseSshSignature, serializeSshSignature } from '@git-kv/objects';
import { verifySsh } from '@git-kv/repository';
import { describe, expect, test } from 'vitest';

const corpora = process.env.GIT_KV_CORPORA;

describe.skipIf(corpora === undefined)('signatures of OpenSSH (GIT_KV_CORPORA)', () => {
  const text = (name: string): string => readFileSync(join(corpora as string, 'sshsig', name), 'utf8');

  test.each([
    ['ed25519', 'ED25519', undefined],
    ['ecdsa', 'ECDSA', undefined],
    ['rsa', 'RSA', undefined],
    ['ed25519_sk', 'ED25519-SK', { isUserPresent: true, isUserVerified: false, counter: 0x12345678 }],
    ['ecdsa_sk', 'ECDSA-SK', { isUserPresent: true, isUserVerified: false, counter: 0x12345678 }],
  ])('%s is good, and for nothing else', async (name, keyLabel, securityKey) => {
    const armored = text(`${name}.sig`);
    const data = new TextEncoder().encode(text('signed-data'));
    const allowedSigners = parseAllowedSigners(`someone@example.com ${text(`${name}.pub`)}`);
    const options = { allowedSigners, namespace: text('namespace') };
    const verdict = await verifySsh(data, armored, options);
    expect(verdict).toMatchObject({ status: 'good', principal: 'someone@example.com', keyLabel });
    expect(verdict.securityKey).toEqual(securityKey);
    expect(serializeSshSignature(parseSshSignature(armored))).toBe(armored);
    expect(await verifySsh(data, armored, { allowedSigners })).toMatchObject({ status: 'bad' });
    expect(await verifySsh(data.subarray(1), armored, options)).toMatchObject({ status: 'bad' });
    expect(await verifySsh(data, armored, { ...options, allowedSigners: [] })).toMatchObject({ status: 'untrusted' });
  });

  test.each([['ecdsa_sk_webauthn'], ['mldsa44-ed25519']])('%s is not supported, and says so', async (name) => {
    const allowedSigners = parseAllowedSigners(`someone@example.com ${text(`${name}.pub`)}`);
    const options = { allowedSigners, namespace: text('namespace') };
    const verdict = await verifySsh(new TextEncoder().encode(text('signed-data')), text(`${name}.sig`), options);
    expect(verdict).toMatchObject({ status: 'unsupported', fingerprint: expect.stringMatching(/^SHA256:/) });
  });
});
