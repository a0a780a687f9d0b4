import { concatBytes } from '@git-kv/objects';
import {
  type Band,
  decodeSidebandLine,
  demultiplex,
  encodeDataLine,
  encodeSideband,
  FLUSH,
  KEEP_ALIVE,
  PktLineReader,
} from '@git-kv/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesOf, chunked, collect } from './support.js';

const band = (number: Band, text: string): Uint8Array => concatBytes([...encodeSideband(number, bytesOf(text))]);

function open(wire: Uint8Array, size?: number, onProgress?: (line: string, transient: boolean) => void) {
  return demultiplex(new PktLineReader(chunked(wire, size)), { onProgress });
}

describe('a sideband', () => {
  test('gives the same bytes and progress at any cut', async () => {
    const wire = concatBytes([
      KEEP_ALIVE,
      band(1, 'PA'),
      band(2, 'Counting: 50%\rCounting: 100%\rCoun'),
      band(2, 'ting: done.\n'),
      band(1, 'CK'),
      band(2, 'last'),
      FLUSH,
    ]);
    for (let size = 1; size <= wire.length; size++) {
      const progress: [string, boolean][] = [];
      const content = await collect(open(wire, size, (line, transient) => progress.push([line, transient])));
      expect(content).toEqual(bytesOf('PACK'));
      expect(progress).toEqual([
        ['Counting: 50%', true],
        ['Counting: 100%', true],
        ['Counting: done.', false],
        ['last', false],
      ]);
    }
  });

  test('carries any bytes, in lines that fit', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 5000 }),
        fc.integer({ min: 1, max: 999 }),
        async (bytes, maxBytes) => {
          const lines = [...encodeSideband(1, bytes, maxBytes)];
          expect(lines.every((line) => line.length <= maxBytes + 5)).toBe(true);
          expect(await collect(open(concatBytes([...lines, FLUSH])))).toEqual(bytes);
        },
      ),
    );
    expect([...encodeSideband(1, new Uint8Array(65_516))].map((line) => line.length)).toEqual([65_520, 6]);
  });

  test('keeps the bytes that steer a terminal from whoever reads the progress', async () => {
    const progress: string[] = [];
    const wire = concatBytes([band(2, '\u001b[2J\u001b]0;title\u0007ok\u009b31m\u0000\u007f\n'), FLUSH]);
    await collect(open(wire, undefined, (line) => progress.push(line)));
    for (const line of progress) expect(line).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
    expect(progress.join('')).toContain('ok');
  });

  test('gives an endless line of progress in parts', async () => {
    const progress: string[] = [];
    const wire = concatBytes([band(2, 'x'.repeat(50_000)), FLUSH]);
    await collect(open(wire, undefined, (line) => progress.push(line)));
    expect(Math.max(...progress.map((line) => line.length))).toBeLessThanOrEqual(4096);
    expect(progress.join('')).toBe('x'.repeat(50_000));
  });

  test('is a remote error on band 3, in clean words', async () => {
    const wire = concatBytes([band(1, 'PACK'), band(3, 'upload-pack: \u001b[1mdied\n'), FLUSH]);
    const error = { code: 'REMOTE_ERROR', remoteMessage: 'upload-pack: [1mdied' };
    await expect(collect(open(wire))).rejects.toMatchObject(error);
  });

  test('is a remote error at an ERR line', async () => {
    const wire = concatBytes([encodeDataLine(bytesOf('ERR out of memory\n'))]);
    await expect(collect(open(wire))).rejects.toMatchObject({ code: 'REMOTE_ERROR', remoteMessage: 'out of memory' });
  });

  const broken: [problem: string, wire: Uint8Array, code: string][] = [
    ['band 0', encodeDataLine(bytesOf('\u0000x')), 'MALFORMED'],
    ['band 4', encodeDataLine(bytesOf('\u0004x')), 'MALFORMED'],
    ['text', encodeDataLine(bytesOf('packfile\n')), 'MALFORMED'],
    ['an empty line', bytesOf('0004'), 'MALFORMED'],
    ['a delimiter', bytesOf('0001'), 'MALFORMED'],
    ['bytes after the flush', bytesOf('00000000'), 'MALFORMED'],
    ['no flush', band(1, 'PACK'), 'TRANSPORT_CLOSED'],
    ['nothing at all', new Uint8Array(0), 'TRANSPORT_CLOSED'],
    ['half a line', bytesOf('0009\u0001PA'), 'TRANSPORT_CLOSED'],
  ];
  test.each(broken)('fails on %s', async (_problem, wire, code) => {
    await expect(collect(open(wire))).rejects.toMatchObject({ code });
  });

  test('lets go of the connection when it is left early, even before the first byte', async () => {
    for (const readFirst of [false, true]) {
      let closed = false;
      const source: AsyncIterable<Uint8Array> = {
        [Symbol.asyncIterator]: () => ({
          next: async () => ({ done: false, value: band(1, 'PACK') }),
          return: async () => {
            closed = true;
            return { done: true, value: undefined };
          },
        }),
      };
      const content = demultiplex(new PktLineReader(source));
      if (readFirst) await content.next();
      await content.return?.();
      expect(closed).toBe(true);
      expect(await content.next()).toMatchObject({ done: true });
    }
  });

  test('may have to carry something', async () => {
    const content = demultiplex(new PktLineReader(chunked(FLUSH)), { refuseEmpty: true });
    await expect(collect(content)).rejects.toMatchObject({ code: 'MALFORMED', format: 'sideband' });
    expect(await collect(open(FLUSH))).toHaveLength(0);
  });

  test('decodeSidebandLine gives a view', () => {
    const payload = bytesOf('\u0001abc');
    expect(decodeSidebandLine(payload)).toEqual({ band: 1, content: bytesOf('abc') });
    expect(decodeSidebandLine(payload).content.buffer).toBe(payload.buffer);
  });
});
