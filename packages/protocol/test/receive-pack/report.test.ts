import { concatBytes, sha1, sha256 } from '@git-kv/objects';
import { encodeDataLine, PktLineReader, type PushReport, readPushReport, serializePushReport } from '@git-kv/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesOf, chunked } from '../support.js';

const read = (wire: Uint8Array, size?: number, maxResults?: number) =>
  readPushReport(new PktLineReader(chunked(wire, size)), maxResults);

describe('the report of a push', () => {
  test('is read and written as git writes it', async () => {
    const wire = bytesOf(
      '000eunpack ok\n0019ok refs/heads/master\n0029ng refs/heads/debug non-fast-forward\n0000', // gitprotocol-pack(5)
    );
    const report = {
      unpack: 'ok',
      results: [
        { name: 'refs/heads/master', ok: true },
        { name: 'refs/heads/debug', ok: false, reason: 'non-fast-forward' },
      ],
    };
    expect(await read(wire)).toEqual(report);
    expect(serializePushReport(report)).toEqual(wire);
  });

  test('survives being written and read, at any cut', async () => {
    const words = fc.stringMatching(/^[a-z]{1,8}( [a-z]{1,8}){0,3}$/);
    const name = fc.stringMatching(/^refs\/heads\/[a-zä]{1,9}$/);
    const result = fc.oneof(
      fc.record({ name, ok: fc.constant(true) }),
      fc.record({ name, ok: fc.constant(false), reason: words }),
    );
    const reports = fc.record({ unpack: words, results: fc.array(result, { maxLength: 4 }) });
    await fc.assert(
      fc.asyncProperty(reports, fc.integer({ min: 1, max: 40 }), async (report, size) => {
        expect(await read(serializePushReport(report), size)).toEqual(report);
      }),
      { numRuns: 100 },
    );
  });

  test('that is cut anywhere is a typed error, and never fewer results', async () => {
    const wire = serializePushReport({
      unpack: 'ok',
      results: [
        { name: 'refs/heads/a', ok: true },
        { name: 'refs/heads/b', ok: false, reason: 'no' },
      ],
    });
    for (let end = 0; end < wire.length; end++) {
      await expect(read(wire.subarray(0, end)), `cut at ${end}`).rejects.toMatchObject({ code: 'TRANSPORT_CLOSED' });
    }
  });

  test('passes over the options of a later version, and says it in clean words', async () => {
    const lines = ['unpack no\x1b[31m room\n', 'ng refs/heads/a \x1b[31mno\n', 'option refname refs/heads/b\n'];
    const wire = concatBytes([...lines.map((line) => encodeDataLine(bytesOf(line))), bytesOf('0000')]);
    const { unpack, results } = await read(wire);
    expect(unpack).toBe('no[31m room');
    const [result] = results;
    expect(result).toMatchObject({ name: 'refs/heads/a', ok: false });
    expect(result?.reason).not.toContain('\x1b');
  });

  const hostile: [problem: string, lines: string[], end: string, code: string][] = [
    ['is empty', [], '0000', 'MALFORMED'],
    ['does not begin with what became of the pack', ['ok refs/heads/a\n'], '0000', 'MALFORMED'],
    ['has no name', ['unpack ok\n', 'ok\n'], '0000', 'MALFORMED'],
    ['has an empty name', ['unpack ok\n', 'ok \n'], '0000', 'MALFORMED'],
    ['has a status that is none', ['unpack ok\n', 'maybe refs/heads/a\n'], '0000', 'MALFORMED'],
    ['begins with an option', ['unpack ok\n', 'option refname refs/heads/a\n'], '0000', 'MALFORMED'],
    ['is not UTF-8', ['unpack ok\n', 'ok refs/heads/\xff\n'], '0000', 'MALFORMED'],
    ['has a delimiter', ['unpack ok\n'], '0001', 'MALFORMED'],
    ['has a broken line', ['unpack ok\n'], '000x', 'MALFORMED'],
    ['says ERR', ['ERR go away\n'], '0000', 'REMOTE_ERROR'],
    ['ends without a flush', ['unpack ok\n', 'ok refs/heads/a\n'], '', 'TRANSPORT_CLOSED'],
  ];
  test.each(hostile)('that %s is refused', async (_problem, lines, end, code) => {
    const wire = concatBytes([...lines.map((line) => encodeDataLine(bytesOf(line))), bytesOf(end)]);
    for (const size of [1, 5, 1000]) await expect(read(wire, size)).rejects.toMatchObject({ code });
  });

  test('with more statuses than there were commands is refused', async () => {
    const results = [1, 2, 3].map((at) => ({ name: `refs/heads/${at}`, ok: true }));
    const wire = serializePushReport({ unpack: 'ok', results });
    expect((await read(wire, undefined, 3)).results).toHaveLength(3);
    await expect(read(wire, undefined, 2)).rejects.toMatchObject({ code: 'MALFORMED', format: 'push report' });
  });
});

describe.each([sha1, sha256])('a report of version 2 in $name', (algorithm) => {
  const oid = (digit: string): string => digit.repeat(algorithm.hexLength);
  const readV2 = (wire: Uint8Array, size?: number, maxResults?: number): Promise<PushReport> =>
    readPushReport(new PktLineReader(chunked(wire, size)), maxResults, algorithm);
  const wireOf = (...lines: string[]): Uint8Array =>
    concatBytes([...lines.map((line) => encodeDataLine(bytesOf(`${line}\n`))), bytesOf('0000')]);
  const name = 'refs/for/main';
  const lines = [
    'unpack ok',
    `ok ${name}`,
    'option refname refs/heads/main',
    `option old-oid ${oid('1')}`,
    `option new-oid ${oid('2')}`,
    'option forced-update',
    `ok ${name}`,
    'option refname refs/heads/new',
    `option old-oid ${algorithm.zeroOid}`,
    'ok refs/heads/plain',
    'ng refs/heads/no no reason',
  ];
  const report: PushReport = {
    unpack: 'ok',
    results: [
      {
        name,
        ok: true,
        refs: [
          { name: 'refs/heads/main', oldOid: oid('1'), newOid: oid('2'), isForced: true },
          { name: 'refs/heads/new', oldOid: null },
        ],
      },
      { name: 'refs/heads/plain', ok: true },
      { name: 'refs/heads/no', ok: false, reason: 'no reason' },
    ],
  };

  test('is read and written, at any cut', async () => {
    const wire = wireOf(...lines);
    expect(serializePushReport(report, algorithm)).toEqual(wire);
    for (const size of [1, 7, 1000]) expect(await readV2(wire, size)).toEqual(report);
    for (let end = 0; end < wire.length; end += 3) {
      await expect(readV2(wire.subarray(0, end))).rejects.toMatchObject({ code: 'TRANSPORT_CLOSED' });
    }
  });

  test('says no more than version 1 to who did not ask for it', async () => {
    const plain = { unpack: 'ok', results: [{ name, ok: true }, ...report.results.slice(1)] };
    expect(await read(serializePushReport(report))).toEqual(plain);
  });

  test('may have options that are not known, and for what failed', async () => {
    const wire = wireOf('unpack ok', 'ok refs/a/b', 'option fall-through', 'ng refs/a/c no', 'option refname ../x');
    expect((await readV2(wire)).results).toEqual([
      { name: 'refs/a/b', ok: true },
      { name: 'refs/a/c', ok: false, reason: 'no' },
    ]);
  });

  test('has the refusal that a reason holds (H23)', async () => {
    const wire = wireOf('unpack ok', 'ng refs/a/b kv:stale exit=2: too late');
    expect((await readV2(wire)).results[0]?.refusal).toEqual({ code: 'stale', exit: 2, message: 'too late' });
  });

  const ok = ['unpack ok', 'ok refs/a/b'];
  test.each<[problem: string, lines: string[], code: string]>([
    ['a ref name that is a path', [...ok, 'option refname refs/../../config'], 'INVALID_REF_NAME'],
    ['no ref name', [...ok, 'option refname'], 'INVALID_REF_NAME'],
    ['an id that is none', [...ok, 'option old-oid x'], 'MALFORMED'],
    ['no id', [...ok, 'option new-oid'], 'MALFORMED'],
    ['an id of another length', [...ok, `option new-oid ${oid('1')}0`], 'MALFORMED'],
    ['options without end', [...ok, ...Array<string>(17).fill('option x')], 'MALFORMED'],
    ['refs without end', ['unpack ok', ...Array<string>(10_002).fill('ok refs/a/b')], 'MALFORMED'],
    ['an option before any status', ['unpack ok', 'option refname refs/a/b'], 'MALFORMED'],
  ])('with %s is refused', async (_problem, hostile, code) => {
    await expect(readV2(wireOf(...hostile))).rejects.toMatchObject({ code });
  });
});
