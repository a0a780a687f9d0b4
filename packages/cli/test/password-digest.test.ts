import { scryptSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { parsePasswordDigest } from '../src/password-digest.js';

const unpadded = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64').replace(/=+$/, '');
const salt = Buffer.from('0123456789abcdef');
const small = (password: string): string =>
  `$scrypt$ln=4,r=8,p=1$${unpadded(salt)}$${unpadded(scryptSync(password, salt, 32, { N: 16, r: 8, p: 1 }))}`;

describe('parsePasswordDigest', () => {
  test('holds a password against a digest with salt, again and again, and at once', async () => {
    const digest = parsePasswordDigest(small('geheim'));
    for (const password of ['', 'geheim', 'Geheim', 'geheim'])
      expect(await digest?.matches(password)).toBe(password === 'geheim');
    expect(await Promise.all(['a', 'geheim', 'b'].map((password) => digest?.matches(password)))).toEqual([
      false,
      true,
      false,
    ]);
    expect(await digest?.decoy().matches('geheim')).toBe(false);
  });

  test('refuses a flood of guesses at once, but not who is known', async () => {
    const digest = parsePasswordDigest(small('geheim'));
    expect(await digest?.matches('geheim')).toBe(true);
    const guesses = Array.from({ length: 200 }, (_, at) => digest?.matches(`guess ${at}`));
    expect(await digest?.matches('geheim')).toBe(true);
    expect(await Promise.all(guesses)).not.toContain(true);
  });

  test.each([
    '',
    'geheim',
    '$scrypt$',
    small('x').slice(0, 30),
    small('x').replace('ln=4', 'ln=0'),
    small('x').replace('r=8', 'r=0'),
    small('x').replace('p=1', 'p=17'),
    small('x').replace('ln=4', 'ln=30'),
    small('x').replace('ln=4', 'ln=19'),
    `${small('x')} `,
    'A'.repeat(64),
    'a'.repeat(63),
  ])('takes %j for no digest', (text) => {
    expect(parsePasswordDigest(text)).toBeUndefined();
  });
});
