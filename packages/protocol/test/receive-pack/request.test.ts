import { concatBytes, sha1, sha256 } from '@git-kv/objects';
import {
  encodeDataLine,
  encodeText,
  FLUSH,
  PktLineReader,
  type ProtocolLimits,
  type PushRequestHead,
  protocolLimits,
  readPushRequest,
  serializePushRequestHead,
} from '@git-kv/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesOf, chunked, collect } from '../support.js';

const A = 'a'.repeat(40);
const Z = '0'.repeat(40);
const read = (wire: Uint8Array, limits: Partial<ProtocolLimits> = {}, size?: number) =>
  readPushRequest(new PktLineReader(chunked(wire, size)), sha1, protocolLimits(limits));
const line = (text: string): Uint8Array => encodeDataLine(bytesOf(text));

describe('the request of a push', () => {
  test.each([sha1, sha256])('survives being written and read, with $name', async (algorithm) => {
    const hex = fc.stringMatching(new RegExp(`^[0-9a-f]{${algorithm.hexLength}}$`));
    const oid = hex.filter((text) => text !== algorithm.zeroOid);
    const name = fc.stringMatching(/^[a-z0-9]{1,20}$/).map((text) => `refs/heads/${text}`);
    const command = fc.record({ name, oldOid: fc.option(oid), newOid: fc.option(oid) });
    const commands = fc.uniqueArray(command, { minLength: 1, maxLength: 6, selector: (item) => item.name });
    const options = fc.array(fc.stringMatching(/^[ -~]{1,30}$/), { maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(
        commands,
        options,
        fc.array(oid, { maxLength: 2 }),
        fc.integer({ min: 1, max: 50 }),
        async (list, pushOptions, shallowOids, size) => {
          const capabilities = [
            { name: 'report-status' },
            ...(pushOptions.length > 0 ? [{ name: 'push-options' }] : []),
          ];
          const head: PushRequestHead = { commands: list, capabilities, pushOptions, shallowOids };
          const pack = bytesOf('0000PACK');
          const wire = concatBytes([serializePushRequestHead(head, algorithm), pack]);
          const request = await readPushRequest(new PktLineReader(chunked(wire, size)), algorithm);
          expect(request).toMatchObject(head);
          if (list.every((item) => item.newOid === null)) expect(request?.pack).toBeUndefined();
          else expect(await collect(request!.pack!)).toEqual(pack);
        },
      ),
      { numRuns: 60 },
    );
  });

  test.each([
    ['an end', new Uint8Array(0)],
    ['a flush', FLUSH],
  ])('may be nothing: %s', async (_what, wire) => {
    expect(await read(wire)).toBeUndefined();
  });

  const hostile: [problem: string, wire: Uint8Array, code: string][] = [
    ['ends within the commands', line(`${Z} ${A} refs/heads/a\0x`), 'TRANSPORT_CLOSED'],
    ['has a short oid', line(`${Z} ${A.slice(1)} refs/heads/a\0x`), 'MALFORMED'],
    ['has no name', line(`${Z} ${A}\0x`), 'INVALID_REF_NAME'],
    ['names a path', line(`${Z} ${A} refs/heads/../../config\0x`), 'INVALID_REF_NAME'],
    ['names what is no ref', line(`${Z} ${A} config\0x`), 'INVALID_REF_NAME'],
    [
      'has capabilities on the second command',
      concatBytes([line(`${Z} ${A} refs/heads/a\0x`), line(`${Z} ${A} refs/heads/b\0x`)]),
      'MALFORMED',
    ],
    [
      'names a ref twice',
      concatBytes([line(`${Z} ${A} refs/heads/a\0x`), line(`${A} ${Z} refs/heads/a`), FLUSH]),
      'MALFORMED',
    ],
    ['has a certificate', concatBytes([line('push-cert\0x')]), 'UNSUPPORTED'],
    ['has a delimiter', bytesOf('0001'), 'MALFORMED'],
    ['is no pkt-line', bytesOf('PACK'), 'MALFORMED'],
    [
      'ends within the options',
      concatBytes([line(`${Z} ${A} refs/heads/a\0push-options`), FLUSH, line('x')]),
      'TRANSPORT_CLOSED',
    ],
  ];
  test.each(hostile)('that %s is refused', async (_problem, wire, code) => {
    for (const size of [1, 3, 1000]) await expect(read(wire, {}, size)).rejects.toMatchObject({ code });
  });

  test('is refused over each limit, and accepted at it', async () => {
    const commands = (count: number) =>
      concatBytes([
        line(`${Z} ${A} refs/heads/0\0push-options`),
        ...Array.from({ length: count - 1 }, (_, index) => encodeText(`${Z} ${A} refs/heads/${index + 1}`)),
        FLUSH,
      ]);
    await expect(read(commands(10_001))).rejects.toMatchObject({ limit: 'maxCommands', actual: 10_001 });
    expect((await read(concatBytes([commands(10_000), FLUSH])))?.commands).toHaveLength(10_000);
    const options = (count: number, size: number) =>
      concatBytes([commands(1), ...Array(count).fill(encodeText('x'.repeat(size))), FLUSH]);
    await expect(read(options(1025, 1))).rejects.toMatchObject({ limit: 'maxPushOptions' });
    await expect(read(options(1, 4096))).rejects.toMatchObject({ limit: 'maxPushOptionBytes' });
    expect((await read(options(1024, 1)))?.pushOptions).toHaveLength(1024);
    const shallow = concatBytes(Array(11).fill(encodeText(`shallow ${A}`)));
    await expect(read(shallow, { maxObjectLines: 10 })).rejects.toMatchObject({ limit: 'maxObjectLines' });
  });
});
