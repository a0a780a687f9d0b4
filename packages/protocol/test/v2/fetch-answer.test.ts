import { concatBytes, sha1 } from '@git-kv/objects';
import {
  encodeText,
  type FetchAnswerHead,
  PktLineReader,
  protocolLimits,
  readFetchAnswer,
  serializeFetchAnswer,
  serializeFetchAnswerHead,
} from '@git-kv/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesOf, chunked, collect } from '../support.js';

const A = 'a'.repeat(40);
const read = (wire: Uint8Array, size?: number) => readFetchAnswer(new PktLineReader(chunked(wire, size)), sha1);

describe('an answer to fetch', () => {
  const oids = fc.array(fc.stringMatching(/^[0-9a-f]{40}$/), { maxLength: 3 });
  const heads: fc.Arbitrary<FetchAnswerHead> = fc.record(
    {
      acknowledgments: fc.record({ commonOids: oids, ready: fc.boolean() }),
      shallowInfo: fc.record({ shallowOids: oids, unshallowOids: oids }),
      wantedRefs: fc.array(fc.record({ name: fc.constantFrom('HEAD', 'refs/heads/ä'), oid: fc.constant(A) })),
    },
    { requiredKeys: [] },
  );

  test('with a pack survives being written and read, at any cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        heads,
        fc.uint8Array({ minLength: 1, maxLength: 200 }),
        fc.integer({ min: 1, max: 40 }),
        async (head, pack, size) => {
          const wire = await collect(serializeFetchAnswer(head, chunked(pack, 30)));
          const { pack: read1, ...rest } = await read(wire, size);
          expect(rest).toEqual(head);
          expect(await collect(read1!)).toEqual(pack);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('without a pack survives too', async () => {
    const head = { acknowledgments: { commonOids: [A], ready: false } };
    expect(await read(serializeFetchAnswerHead(head, false), 3)).toEqual(head);
  });

  test('that is cut anywhere is a typed error, and never a shorter pack', async () => {
    const head = {
      acknowledgments: { commonOids: [A], ready: true },
      shallowInfo: { shallowOids: [A], unshallowOids: [] },
    };
    const wire = await collect(serializeFetchAnswer(head, chunked(bytesOf('PACK and so on'), 5)));
    const whole = async (bytes: Uint8Array): Promise<void> => {
      const { pack } = await read(bytes);
      await collect(pack!);
    };
    await whole(wire);
    for (let end = 0; end < wire.length; end++) {
      await expect(whole(wire.subarray(0, end)), `cut at ${end}`).rejects.toMatchObject({
        code: 'TRANSPORT_CLOSED',
      });
    }
  });

  const hostile: [problem: string, lines: string[], end: string, code: string][] = [
    ['is empty', [], '0000', 'MALFORMED'],
    ['has an unknown section', ['packfile-uris'], '0000', 'MALFORMED'],
    ['has no section', [`ACK ${A}`], '0000', 'MALFORMED'],
    ['repeats a section', ['shallow-info', '|', 'shallow-info'], '0000', 'MALFORMED'],
    ['has acknowledgments late', ['shallow-info', '|', 'acknowledgments'], '0000', 'MALFORMED'],
    ['has another word for NAK', ['acknowledgments', 'nak'], '0000', 'MALFORMED'],
    ['acknowledges no oid', ['acknowledgments', 'ACK x'], '0000', 'MALFORMED'],
    ['has another shallow line', ['shallow-info', `unsure ${A}`], '0000', 'MALFORMED'],
    ['has a shallow line by the name of a method', ['shallow-info', `constructor ${A}`], '0000', 'MALFORMED'],
    ['wants a path', ['wanted-refs', `${A} ../../x`], '0000', 'INVALID_REF_NAME'],
    ['has a response-end', ['acknowledgments'], '0002', 'MALFORMED'],
    ['has an ERR line', ['acknowledgments', 'ERR overloaded'], '0000', 'REMOTE_ERROR'],
    ['goes on after its end', ['acknowledgments', 'NAK'], '00000000', 'MALFORMED'],
  ];
  test.each(hostile)('that %s is refused', async (_problem, lines, end, code) => {
    const wire = concatBytes([
      ...lines.map((text) => (text === '|' ? bytesOf('0001') : encodeText(text))),
      bytesOf(end),
    ]);
    await expect(read(wire)).rejects.toMatchObject({ code });
  });

  test('with a pack of no bytes is refused', async () => {
    const { pack } = await read(bytesOf('000dpackfile\n0005\u00010000'));
    await expect(collect(pack!)).rejects.toMatchObject({ code: 'MALFORMED' });
  });

  test('with more lines than the limit is refused', async () => {
    const lines = [encodeText('acknowledgments'), ...Array<Uint8Array>(11).fill(encodeText(`ACK ${A}`))];
    const reader = new PktLineReader(chunked(concatBytes(lines)));
    const answer = readFetchAnswer(reader, sha1, { limits: protocolLimits({ maxObjectLines: 10 }) });
    await expect(answer).rejects.toMatchObject({ limit: 'maxObjectLines' });
  });
});
