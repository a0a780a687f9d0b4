import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { concatBytes, isGitError, parseSshPublicKey, type SshPublicKey, sshMpint, sshString } from '@git-kv/objects';
import { describe, expect, test } from 'vitest';
import { verifyEcdsa, verifyWithKey } from '../../src/signatures/key-verifier.js';
import { subtleWithoutEd25519 } from '../support/subtle.js';

const corpora = process.env.GIT_KV_CORPORA;
const { subtle } = globalThis.crypto;

interface Vector {
  readonly tcId: number;
  readonly comment: string;
  readonly msg: string;
  readonly sig: string;
  readonly result: 'valid' | 'invalid' | 'acceptable';
}

interface Group {
  readonly publicKey: { readonly pk: string; readonly uncompressed: string; modulus: string; publicExponent: string };
  readonly sha: string;
  readonly tests: readonly Vector[];
}

const fromHex = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));

/** The verdicts of our verifier, by that of the vectors. What it throws is a refusal where it is a typed error. */
async function judge(file: string, verify: (group: Group, vector: Vector) => Promise<boolean>) {
  const { testGroups } = JSON.parse(readFileSync(join(corpora as string, 'wycheproof', file), 'utf8')) as {
    testGroups: Group[];
  };
  const wrong: string[] = [];
  const acceptable: string[] = [];
  let count = 0;
  for (const group of testGroups) {
    for (const vector of group.tests) {
      count++;
      const isTaken = await verify(group, vector).catch((error: unknown) => {
        if (isGitError(error, 'MALFORMED')) return false;
        throw error;
      });
      const name = `${vector.tcId} ${vector.comment}: ${isTaken ? 'taken' : 'refused'}`;
      if (vector.result === 'acceptable') acceptable.push(name);
      else if (isTaken !== (vector.result === 'valid')) wrong.push(name);
    }
  }
  return { count, wrong, acceptable };
}

/** r and s of a DER signature, as SSH writes them: their bytes as they stand. What is no DER has no counterpart in SSH. */
function sshNumbers(der: Uint8Array): Uint8Array | undefined {
  const integer = (start: number): { bytes: Uint8Array; end: number } | undefined => {
    const length = der[start + 1];
    if (der[start] !== 2 || length === undefined || length >= 0x80) return undefined;
    const end = start + 2 + length;
    return end <= der.length ? { bytes: der.subarray(start + 2, end), end } : undefined;
  };
  if (der[0] !== 0x30 || der[1] !== der.length - 2 || der.length - 2 >= 0x80) return undefined;
  const r = integer(2);
  const s = r && integer(r.end);
  if (r === undefined || s?.end !== der.length) return undefined;
  return concatBytes([sshString(r.bytes), sshString(s.bytes)]);
}

describe.skipIf(corpora === undefined)('vectors of Wycheproof (GIT_KV_CORPORA)', () => {
  test.each([
    ['', subtle],
    [', without Ed25519 in WebCrypto', subtleWithoutEd25519()],
  ])('Ed25519%s: every one as it says', async (_where, subtle) => {
    const answer = await judge('ed25519_test.json', async (group, vector) => {
      const key = parseSshPublicKey(concatBytes([sshString('ssh-ed25519'), sshString(fromHex(group.publicKey.pk))]));
      const signature = { algorithm: 'ssh-ed25519', value: sshString(fromHex(vector.sig)) };
      return (await verifyWithKey(subtle, key, signature, fromHex(vector.msg))).isValid;
    });
    expect(answer).toEqual({ count: 151, wrong: [], acceptable: [] });
  });

  test.each([
    ['ecdsa_secp256r1_sha256_test.json', 484],
    ['ecdsa_secp256r1_sha512_test.json', 554],
  ])('%s: every one as it says', async (file, count) => {
    const answer = await judge(file, async (group, vector) => {
      const blob = [
        sshString('ecdsa-sha2-nistp256'),
        sshString('nistp256'),
        sshString(fromHex(group.publicKey.uncompressed)),
      ];
      const key = parseSshPublicKey(concatBytes(blob)) as SshPublicKey & { kind: 'ecdsa' };
      const numbers = sshNumbers(fromHex(vector.sig));
      if (numbers === undefined) return false;
      const data = fromHex(vector.msg);
      const isTaken = await verifyEcdsa(subtle, key, numbers, data, group.sha);
      if (group.sha === 'SHA-256') {
        const signature = { algorithm: 'ecdsa-sha2-nistp256', value: sshString(numbers) };
        expect((await verifyWithKey(subtle, key, signature, data)).isValid).toBe(isTaken);
      }
      return isTaken;
    });
    expect(answer).toEqual({ count, wrong: [], acceptable: [] });
  });

  test.each([
    ['rsa_signature_2048_sha256_test.json', 'rsa-sha2-256', 259],
    ['rsa_signature_3072_sha256_test.json', 'rsa-sha2-256', 259],
    ['rsa_signature_3072_sha512_test.json', 'rsa-sha2-512', 260],
  ])('%s: every one as it says, and the one that may be either is refused', async (file, algorithm, count) => {
    const answer = await judge(file, async (group, vector) => {
      const { publicExponent, modulus } = group.publicKey;
      const numbers = [publicExponent, modulus].map((hex) => sshMpint(fromHex(hex)));
      const key = parseSshPublicKey(concatBytes([sshString('ssh-rsa'), ...numbers]));
      const value = sshString(fromHex(vector.sig));
      return (await verifyWithKey(subtle, key, { algorithm, value }, fromHex(vector.msg))).isValid;
    });
    // The digest's algorithm without its parameters, which RFC 8017 says to write.
    expect(answer).toEqual({ count, wrong: [], acceptable: [expect.stringMatching(/NULL .*: refused$/)] });
  });
});
