import { decodePktLine, encodeDataLine, encodeText } from '@git-kv/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesOf } from '../support.js';

describe('decodePktLine', () => {
  const control: [text: string, kind: string][] = [
    ['0000', 'flush'],
    ['0001', 'delimiter'],
    ['0002', 'response-end'],
  ];
  test.each(control)('reads %s as a %s line', (text, kind) => {
    expect(decodePktLine(bytesOf(text), 0)).toEqual({ done: true, line: { kind }, end: 4 });
  });

  const data: [text: string, payload: string, end: number][] = [
    ['0004', '', 4],
    ['0005a', 'a', 5],
    ['0006a\n', 'a\n', 6],
    ['000bfoobar\n', 'foobar\n', 11],
    ['000Bfoobar\n', 'foobar\n', 11],
    ['0005a0005b', 'a', 5],
  ];
  test.each(data)('reads %j as data', (text, payload, end) => {
    const line = { kind: 'data', payload: bytesOf(payload) };
    expect(decodePktLine(bytesOf(text), 0)).toEqual({ done: true, line, end });
  });

  const missing: [text: string, missingBytes: number][] = [
    ['', 4],
    ['0', 3],
    ['000', 1],
    ['0005', 1],
    ['0009ab', 3],
    ['fff0', 65516],
  ];
  test.each(missing)('says how much is missing after %j', (text, missingBytes) => {
    expect(decodePktLine(bytesOf(text), 0)).toEqual({ done: false, missingBytes });
  });

  test('quotes what stands in the place of a line, as a login shell that says something of its own', () => {
    expect(() => decodePktLine(bytesOf('This account is \u0007not available.\r\n0000'), 0)).toThrow(
      'not four hex digits: "This account is ?not available."',
    );
  });

  const hostile: [text: string, offset: number][] = [
    ['0003', 0], // reserved
    ['fff1', 0], // 65521
    ['ffff', 0],
    ['-004', 0], // parseInt reads -4
    ['+00a', 0],
    ['00 4', 2], // parseInt reads 0
    [' 004', 0],
    ['0x1f', 1],
    ['00g4', 2],
    ['000\n', 3],
    ['PACK', 0],
    ['HTTP', 0],
    ['\u00ff\u00ff\u00ff\u00ff', 0],
  ];
  test.each(hostile)('refuses %j', (text, offset) => {
    const expected = expect.objectContaining({ code: 'MALFORMED', format: 'pkt-line', offset, origin: 'remote' });
    expect(() => decodePktLine(bytesOf(text), 0)).toThrow(expected);
    expect(() => decodePktLine(bytesOf(`0000${text}`), 4)).toThrow(
      expect.objectContaining({ code: 'MALFORMED', offset: offset + 4 }),
    );
  });

  test('gives a view into the input', () => {
    const input = bytesOf('0005a');
    const step = decodePktLine(input, 0);
    if (!step.done || step.line.kind !== 'data') throw new Error('no line');
    expect(step.line.payload.buffer).toBe(input.buffer);
  });
});

describe('encodeDataLine', () => {
  test('is undone by decodePktLine', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (payload) => {
        const line = encodeDataLine(payload);
        expect(decodePktLine(line, 0)).toEqual({ done: true, line: { kind: 'data', payload }, end: line.length });
      }),
    );
  });

  test('frames the largest payload, and no larger one', () => {
    expect(encodeDataLine(new Uint8Array(65516)).subarray(0, 4)).toEqual(bytesOf('fff0'));
    expect(() => encodeDataLine(new Uint8Array(65517))).toThrow(RangeError);
    expect(() => encodeDataLine(new Uint8Array(0))).toThrow(RangeError);
  });

  test('encodeText ends the line as git does', () => {
    expect(encodeText('version 2')).toEqual(bytesOf('000eversion 2\n'));
  });
});
