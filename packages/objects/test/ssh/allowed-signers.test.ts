import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findSigner, type MalformedError, parseAllowedSigners, parseSshPublicKeyLine } from '@git-kv/objects';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../../../../test/support/git.js';
import { hasSshKeygen, makeSshKey, signWithKeygen, verifyWithKeygen } from '../../../../test/support/ssh.js';
import { matchPatternList } from '../../src/ssh/pattern-list.js';
import { parseSignerTime } from '../../src/ssh/signer-options.js';
import { ED25519_LINE } from './support.js';

const KEY = ED25519_LINE;

describe('an allowed signers file', () => {
  test('is read line by line', () => {
    const text = [
      '# a comment',
      '',
      `one@x,two@x ${KEY} a comment`,
      `  *@x cert-authority,namespaces="file,git" ${KEY}`,
      `"with space@x"\tValid-After="20200101Z",valid-before="202501020304Z"\t${KEY}\r`,
      '   # not a signer',
      `x namespaces="a\\"b c" ${KEY}`,
      'y ssh-future AAAACnNzaC1mdXR1cmU=',
    ].join('\n');
    const { key } = parseSshPublicKeyLine(KEY);
    expect(parseAllowedSigners(text)).toEqual([
      { principals: 'one@x,two@x', key, line: 3, isCertAuthority: false },
      { principals: '*@x', key, line: 4, isCertAuthority: true, namespaces: 'file,git' },
      {
        principals: 'with space@x',
        key,
        line: 5,
        isCertAuthority: false,
        validAfter: 1577836800,
        validBefore: 1735787040,
      },
      { principals: 'x', key, line: 7, isCertAuthority: false, namespaces: 'a"b c' },
      { principals: 'y', key: expect.objectContaining({ kind: 'unknown' }), line: 8, isCertAuthority: false },
    ]);
  });

  const hostile: [problem: string, line: string, offset: number][] = [
    ['missing key', 'a@x', 3],
    ['missing key', 'a@x namespaces="git"', 4],
    ['principals have no closing quote', `"a@x ${KEY}`, 0],
    ['there are no principals', `"" ${KEY}`, 0],
    ['bad options: unknown key option', `a@x bogus ${KEY}`, 4],
    ['bad options: unknown key option', `a@x cert-authorityx ${KEY}`, 4],
    ['bad options: unknown key option', `a@x namespaces ${KEY}`, 4],
    ['bad options: unknown key option', `a@x namespaces="git"x ${KEY}`, 20],
    ['bad options: missing start quote', `a@x namespaces=git ${KEY}`, 15],
    ['invalid key', `a@x namespaces="git ${KEY}`, 4],
    ['bad options: unexpected end-of-options', `a@x cert-authority, ${KEY}`, 19],
    ['bad options: multiple "namespaces" clauses', `a@x namespaces="a",namespaces="b" ${KEY}`, 19],
    ['bad options: multiple "valid-after" clauses', `a@x valid-after="20200101",valid-after="20210101" ${KEY}`, 27],
    ['bad options: invalid "valid-before" time', `a@x valid-before="2020" ${KEY}`, 4],
    [
      'bad options: "valid-before" time is before "valid-after"',
      `a@x valid-after="20250101",valid-before="20200101" ${KEY}`,
      4,
    ],
    ['invalid key', 'a@x namespaces="git" ssh-ed25519 !', 21],
    ['bad options: unknown key option', 'a@x ssh-rsa AAAA', 4],
    ['bad options: unknown key option', `a@x ${KEY.replace('ssh-ed25519', 'ssh-rsa')}`, 4],
  ];
  test.each(hostile)('says %j of the line %j', (problem, line, offset) => {
    const run = () => parseAllowedSigners(line);
    expect(run).toThrow(expect.objectContaining({ code: 'MALFORMED', format: 'allowed signers', problem, offset }));
    const problems: [number, string][] = [];
    const onProblem = (number: number, error: MalformedError) => problems.push([number, error.problem]);
    expect(parseAllowedSigners(`${line}\nb@x ${KEY}\n`, { onProblem })).toMatchObject([{ principals: 'b@x', line: 2 }]);
    expect(problems).toEqual([[1, problem]]);
  });

  test('over the limit is refused', () => {
    expect(() => parseAllowedSigners('####', { maxFileSize: 3 })).toThrow(
      expect.objectContaining({ code: 'LIMIT_EXCEEDED', limit: 'maxFileSize' }),
    );
  });

  test('is read or refused with a typed error, whatever it holds', () => {
    const unit = fc.constantFrom('a', '"', '\\', ',', ' ', '\t', '\n', '=', 'namespaces', 'cert-authority', KEY, '#');
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 30 }), (text) => {
        const problems: number[] = [];
        const signers = parseAllowedSigners(text, { onProblem: (line) => problems.push(line) });
        expect(signers.length + problems.length).toBeLessThanOrEqual(text.split('\n').length);
      }),
    );
  });
});

describe('a time', () => {
  test.each([
    ['20240229Z', Date.UTC(2024, 1, 29)],
    ['20240229', new Date(2024, 1, 29).getTime()],
    ['202402291530z', Date.UTC(2024, 1, 29, 15, 30)],
    ['20240229153045UTC', Date.UTC(2024, 1, 29, 15, 30, 45)],
    ['20240229153045', new Date(2024, 1, 29, 15, 30, 45).getTime()],
  ])('%s is %d', (text, milliseconds) => {
    expect(parseSignerTime(text)).toBe(milliseconds / 1000);
  });

  test.each([
    '',
    '2024',
    '2024022',
    '20230229',
    '20241301',
    '20240100',
    '2024010124',
    '202401012400',
    '202401010060',
    '20240101000060',
    '19690101',
    '20240101X',
    ' 20240101',
    '-0240101',
  ])('%j is none', (text) => {
    expect(parseSignerTime(text)).toBeUndefined();
  });
});

describe('a list of patterns', () => {
  test.each<[text: string, list: string, isIn: boolean]>([
    ['a@x', 'a@x', true],
    ['a@x', 'b@x,a@x', true],
    ['a@x', '*@x', true],
    ['a@x', '?@x', true],
    ['a@x', '*', true],
    ['', '*', true],
    ['', '', true],
    ['a', '', false],
    ['a@x', '!a@x,*@x', false],
    ['a@x', '*@x,!a@x', false],
    ['b@x', '*@x,!a@x', true],
    ['b@x', '!a@x', false],
    ['A@x', 'a@x', false],
    ['a@x', '*a*@*x*', true],
    ['aab', '*ab', true],
    ['abcabd', '*ab?', true],
    ['abc', '*ab', false],
    ['a*', 'a?', true],
  ])('%j in %j: %j', (text, list, isIn) => {
    expect(matchPatternList(text, list)).toBe(isIn);
  });

  test('that is made to take long does not', () => {
    const start = performance.now();
    expect(matchPatternList('a'.repeat(2000), `${'*a'.repeat(500)}b`)).toBe(false);
    expect(performance.now() - start).toBeLessThan(2000);
  });
});

describe.skipIf(!hasSshKeygen)('who may sign (ssh-keygen)', () => {
  test('is who ssh-keygen says', () => {
    const root = temporaryDirectory();
    const key = makeSshKey(root, 'key');
    const payload = new TextEncoder().encode('payload');
    const signature = signWithKeygen(root, key, payload);
    const lines = [
      `a@x ${key.publicLine}`,
      `*@x,!a@x ${key.publicLine}`,
      `!a@x,*@x ${key.publicLine}`,
      `b@x ${key.publicLine}`,
      `a@x namespaces="file" ${key.publicLine}`,
      `a@x namespaces="!git,*" ${key.publicLine}`,
      `a@x namespaces="f*,g?t" ${key.publicLine}`,
      `a@x valid-before="20200101" ${key.publicLine}`,
      `a@x valid-after="20200101" ${key.publicLine}`,
      `a@x valid-after="20200101",valid-before="20200102Z" ${key.publicLine}`,
      `a@x cert-authority ${key.publicLine}`,
      `A@x ${key.publicLine}`,
      `"a@x" ${key.publicLine}`,
      `a@x NAMESPACES="git" ${key.publicLine} comment`,
      `a@x bogus ${key.publicLine}`,
      `a@x namespaces=git ${key.publicLine}`,
      `a@x valid-after="20250101",valid-before="20200101" ${key.publicLine}`,
      `a@x namespaces="git",namespaces="git" ${key.publicLine}`,
      `a@x namespaces="git", ${key.publicLine}`,
      `a@x valid-after="20201301" ${key.publicLine}`,
      `a@x valid-after="2020010112" ${key.publicLine}`,
      `junk\n a@x\t${key.publicLine}`,
      `a@x namespaces="file" ${key.publicLine}\na@x ${key.publicLine}`,
      `#a@x ${key.publicLine}`,
    ];
    const options = { namespace: 'git', timestamp: Math.floor(Date.now() / 1000) };
    const { key: publicKey } = parseSshPublicKeyLine(key.publicLine);
    for (const line of lines) {
      for (const principal of ['a@x', 'b@x']) {
        const signers = parseAllowedSigners(`${line}\n`, { onProblem: () => {} });
        const found = findSigner(signers, publicKey, { ...options, principal });
        const isGood = verifyWithKeygen(root, `${line}\n`, payload, signature, principal);
        expect([line, principal, found.status === 'good']).toEqual([line, principal, isGood]);
      }
    }
  });

  test('without a name is who stands in the first line that is valid', () => {
    const root = temporaryDirectory();
    const { publicLine } = makeSshKey(root, 'key');
    const text = `a@x,b@x valid-before="20200101" ${publicLine}\n!c@x,*@x ${publicLine}\nd@x ${publicLine}\n`;
    const file = join(root, 'signers');
    writeFileSync(file, text);
    const payload = new TextEncoder().encode('payload');
    writeFileSync(
      join(root, 'sig'),
      signWithKeygen(root, { path: join(root, 'key'), privateText: '', publicLine }, payload),
    );
    const theirs = execFileSync('ssh-keygen', ['-Y', 'find-principals', '-f', file, '-s', join(root, 'sig')], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
    const key = parseSshPublicKeyLine(publicLine).key;
    const found = findSigner(parseAllowedSigners(text), key, { namespace: 'git', timestamp: Date.now() / 1000 });
    expect(found).toMatchObject({ status: 'good', principal: '!c@x', signer: { line: 2 } });
    expect(found.refusals).toMatchObject([{ reason: 'expired', signer: { line: 1 } }]);
    expect(theirs.split('\n')[0]).toBe('!c@x');
  });
});

test.each([
  ['valid-before="20200101Z"', 'expired'],
  ['valid-after="20200101Z"', 'not-yet-valid'],
])('a key with %s is not valid at a time that is no number', (dates, status) => {
  const { key } = parseSshPublicKeyLine(KEY);
  const signers = parseAllowedSigners(`a@x ${dates} ${KEY}`);
  expect(findSigner(signers, key, { namespace: 'git', timestamp: Number.NaN })).toMatchObject({ status });
});
