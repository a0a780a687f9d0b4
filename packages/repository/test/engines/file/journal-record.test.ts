import { createHash } from 'node:crypto';
import { type HashAlgorithm, sha1, sha256 } from '@git-kv/objects';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type JournalRecord,
  parseJournalRecord,
  serializeJournalRecord,
} from '../../../src/engines/file/journal/record.js';

const PATH = 'git-kv/journal/0000000000000001';
const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const oid = (algorithm: HashAlgorithm, digit: string): string => digit.repeat(algorithm.hexLength);

const sample = (algorithm: HashAlgorithm): JournalRecord => ({
  token: 'abc123',
  number: 7,
  timeMs: 1_700_000_000_123,
  term: 3,
  floor: 1,
  workTree: 'worktrees/a b',
  updates: [
    { name: 'HEAD', expected: { target: 'refs/heads/main' }, next: { oid: oid(algorithm, '1') } },
    { name: 'refs/heads/new', expected: null, next: { oid: oid(algorithm, '2') } },
    { name: 'refs/heads/old', expected: { oid: oid(algorithm, '3') }, next: null },
  ],
  attachment: Uint8Array.of(0, 10, 255),
});

/** `content` with the digest line that belongs to it. */
const sealed = (algorithm: HashAlgorithm, content: Uint8Array): Uint8Array => {
  const digest = createHash(algorithm.name).update(content).digest('hex');
  return Buffer.concat([content, ascii(`digest ${digest}\n`)]);
};

describe.each([sha1, sha256])('a journal record ($name)', (algorithm) => {
  const parse = (bytes: Uint8Array): JournalRecord => parseJournalRecord(bytes, algorithm, PATH);
  const bytes = serializeJournalRecord(sample(algorithm), algorithm);

  test('is these bytes', () => {
    const text = [
      'git-kv journal 1',
      'transaction abc123 7',
      'time 1700000000123',
      'term 3',
      'floor 1',
      'worktree worktrees/a%20b',
      `ref HEAD @refs/heads/main ${oid(algorithm, '1')}`,
      `ref refs/heads/new - ${oid(algorithm, '2')}`,
      `ref refs/heads/old ${oid(algorithm, '3')} -`,
      'attachment 3',
      '',
    ].join('\n');
    expect(bytes).toEqual(
      Uint8Array.from(sealed(algorithm, Buffer.concat([ascii(text), Uint8Array.of(0, 10, 255, 10)]))),
    );
  });

  test('says what was put in', () => {
    expect(parse(bytes)).toEqual(sample(algorithm));
    const value = fc.oneof(
      fc.constant(null),
      fc.constantFrom('0', 'f').map((digit) => ({ oid: oid(algorithm, digit) })),
      fc.constantFrom('HEAD', 'refs/heads/größe').map((target) => ({ target })),
    );
    const name = fc.constantFrom('HEAD', 'refs/heads/a', 'refs/tags/größe', 'refs/heads/b/c');
    const record = fc.record({
      token: fc.stringMatching(/^[a-z0-9]{1,12}$/),
      number: fc.nat(),
      timeMs: fc.nat(),
      term: fc.nat(),
      floor: fc.nat(),
      workTree: fc.string(),
      updates: fc.array(fc.record({ name, expected: value, next: value }), { maxLength: 4 }),
    });
    const withAttachment = fc.tuple(record, fc.option(fc.uint8Array(), { nil: undefined }));
    fc.assert(
      fc.property(withAttachment, ([fields, attachment]) => {
        const whole: JournalRecord = attachment ? { ...fields, attachment } : fields;
        expect(parse(serializeJournalRecord(whole, algorithm))).toEqual(whole);
      }),
    );
  });

  test('that is cut anywhere is refused', () => {
    for (let end = 0; end < bytes.length; end++) {
      const cut = (): unknown => parse(bytes.subarray(0, end));
      expect(cut).toThrow(expect.objectContaining({ code: 'MALFORMED', format: 'journal record' }));
    }
  });

  test('with any bit flipped is refused, and the file named', () => {
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = bytes.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(() => parse(flipped)).toThrow(PATH);
    }
  });

  const head = 'git-kv journal 1\ntransaction a 1\ntime 1\nterm 0\nfloor 1\n';
  const value = oid(algorithm, '1');
  test.each([
    ['is of a later version', 'git-kv journal 2\ntransaction a 1\ntime 1\nterm 0\nfloor 1\n', 0],
    ['has an owner that would be a path', 'git-kv journal 1\ntransaction ../x 1\ntime 1\nterm 0\nfloor 1\n', 17],
    ['has no number', 'git-kv journal 1\ntransaction a\ntime 1\nterm 0\nfloor 1\n', 17],
    ['lacks a line', 'git-kv journal 1\ntransaction a 1\ntime 1\nfloor 1\n', 40],
    ['has a negative number', 'git-kv journal 1\ntransaction a 1\ntime 1\nterm -1\nfloor 1\n', 40],
    ['has a number over 53 bits', 'git-kv journal 1\ntransaction a 1\ntime 9999999999999999\nterm 0\nfloor 1\n', 33],
    ['has a work tree that is no path', `${head}worktree %e0%a4\n`, head.length],
    ['has a line that is not known', `${head}hello world\n`, head.length],
    ['has a name that leads out of the repository', `${head}ref refs/../config - ${value}\n`, head.length],
    ['has a name in capitals that is no ref', `${head}ref config - ${value}\n`, head.length],
    ['has a value that is cut short', `${head}ref HEAD - ${value.slice(1)}\n`, head.length],
    ['has a symbolic value that is no name', `${head}ref HEAD - @../x\n`, head.length],
    ['has one value too many', `${head}ref HEAD - - -\n`, head.length],
    ['has an attachment that lies of its size', `${head}attachment 9\nx\n`, head.length],
    ['goes on behind its attachment', `${head}attachment 1\nx\nref HEAD - ${value}\n`, head.length],
    ['has a last line without an end', `${head}ref HEAD`, head.length],
  ])('that %s is refused', (_case, text, offset) => {
    const run = (): unknown => parse(sealed(algorithm, ascii(text)));
    expect(run).toThrow(expect.objectContaining({ code: 'MALFORMED', format: 'journal record', offset }));
  });
});
