import { concatBytes } from '@git-kv/objects';
import { encodeDataLine, FLUSH, type PktLine, PktLineBuffer, PktLineReader, readPktLines } from '@git-kv/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesOf, chunked, collect } from '../support.js';

const cut = (bytes: Uint8Array, size: number): Uint8Array[] => {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
  return chunks;
};

describe('PktLineBuffer', () => {
  test('gives the same lines at any cut', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 1 })), fc.integer({ min: 1, max: 9 }), (payloads, chunkSize) => {
        const wire = concatBytes(payloads.map(encodeDataLine));
        const buffer = new PktLineBuffer();
        const lines: PktLine[] = [];
        for (const chunk of cut(wire, chunkSize)) lines.push(...buffer.push(chunk));
        buffer.end();
        expect(lines).toEqual(payloads.map((payload) => ({ kind: 'data', payload })));
        expect(buffer.offset).toBe(wire.length);
      }),
    );
  });

  test('gives the same lines at every pair of cuts', () => {
    const wire = bytesOf('0005a00000004000100020009hello');
    const whole = [...new PktLineBuffer().push(wire)];
    expect(whole.map((line) => line.kind)).toEqual(['data', 'flush', 'data', 'delimiter', 'response-end', 'data']);
    for (let first = 0; first <= wire.length; first++) {
      for (let second = first; second <= wire.length; second++) {
        const buffer = new PktLineBuffer();
        const parts = [wire.subarray(0, first), wire.subarray(first, second), wire.subarray(second)];
        expect(parts.flatMap((part) => [...buffer.push(part)])).toEqual(whole);
        buffer.end();
      }
    }
  });

  test('names the same byte at any cut of what is no pkt-line', () => {
    const wire = bytesOf('0005a0006hi00gx');
    for (let size = 1; size <= wire.length; size++) {
      const buffer = new PktLineBuffer();
      const run = () => cut(wire, size).flatMap((part) => [...buffer.push(part)]);
      expect(run, `chunks of ${size}`).toThrow(expect.objectContaining({ code: 'MALFORMED', offset: 13 }));
    }
  });

  test('fails at the end within a line, wherever that is', () => {
    const wire = bytesOf('0009hello');
    for (let end = 1; end < wire.length; end++) {
      const buffer = new PktLineBuffer();
      expect([...buffer.push(wire.subarray(0, end))]).toEqual([]);
      expect(() => buffer.end(), `cut at ${end}`).toThrow(expect.objectContaining({ code: 'MALFORMED', offset: end }));
    }
  });

  test('keeps what it gave when the chunk it came in is used again', () => {
    const buffer = new PktLineBuffer();
    const chunk = bytesOf('0009he');
    expect([...buffer.push(chunk)]).toEqual([]);
    chunk.fill(0);
    expect([...buffer.push(bytesOf('llo'))]).toEqual([{ kind: 'data', payload: bytesOf('hello') }]);
  });

  test('gives lines of a mark in pieces, as views, and the others whole, at any cut', () => {
    const line = fc.tuple(fc.constantFrom(1, 2), fc.uint8Array({ maxLength: 20 }));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), fc.integer({ min: 1, max: 30 }), (lines, chunkSize) => {
        const wire = concatBytes([
          ...lines.map(([band, content]) => encodeDataLine(Uint8Array.of(band, ...content))),
          FLUSH,
        ]);
        const buffer = new PktLineBuffer();
        const marked: number[] = [];
        const others: number[][] = [];
        let flushes = 0;
        for (const chunk of cut(wire, chunkSize)) {
          buffer.append(chunk);
          for (let piece = buffer.nextPiece(1); piece !== undefined; piece = buffer.nextPiece(1)) {
            if (piece instanceof Uint8Array) {
              expect(piece.buffer).toBe(wire.buffer);
              marked.push(...piece);
            } else if (piece.kind === 'flush') flushes++;
            else if (piece.kind === 'data' && piece.payload[0] === 1) marked.push(...piece.payload.subarray(1));
            else if (piece.kind === 'data') others.push([...piece.payload]);
          }
        }
        buffer.end();
        expect(buffer.offset).toBe(wire.length);
        expect(flushes).toBe(1);
        expect(marked).toEqual(lines.flatMap(([band, content]) => (band === 1 ? [...content] : [])));
        expect(others).toEqual(lines.flatMap(([band, content]) => (band === 2 ? [[2, ...content]] : [])));
      }),
    );
  });

  test('fails at the end within a line that is given in pieces', () => {
    const wire = encodeDataLine(bytesOf('\u0001hello'));
    for (let end = 1; end < wire.length; end++) {
      const buffer = new PktLineBuffer();
      buffer.append(wire.subarray(0, end));
      while (buffer.nextPiece(1) !== undefined);
      expect(() => buffer.end(), `cut at ${end}`).toThrow(expect.objectContaining({ code: 'MALFORMED', offset: end }));
    }
  });

  test('takes the largest line in pieces of one byte', () => {
    const payload = new Uint8Array(65516).fill(7);
    const buffer = new PktLineBuffer();
    const lines = cut(encodeDataLine(payload), 1).flatMap((part) => [...buffer.push(part)]);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toEqual({ kind: 'data', payload });
  });
});

describe('PktLineReader', () => {
  test('reads lines, and then the raw rest, at any cut', async () => {
    const raw = bytesOf('PACK and what follows, 0000 included');
    const wire = concatBytes([encodeDataLine(bytesOf('command')), FLUSH, raw]);
    for (let size = 1; size <= wire.length; size++) {
      const reader = new PktLineReader(chunked(wire, size));
      expect(await reader.read()).toEqual({ kind: 'data', payload: bytesOf('command') });
      expect(await reader.read()).toEqual({ kind: 'flush' });
      expect(await collect(reader.rest())).toEqual(raw);
    }
  });

  test('lets go of its source when closed early', async () => {
    let closed = false;
    async function* source(): AsyncGenerator<Uint8Array, void> {
      try {
        for (;;) yield FLUSH;
      } finally {
        closed = true;
      }
    }
    const reader = new PktLineReader(source());
    await reader.read();
    await reader.close();
    expect(closed).toBe(true);
    expect(await reader.fill()).toBe(false);
  });
});

test('readPktLines reads a body to its end', async () => {
  const kinds: string[] = [];
  for await (const line of readPktLines(chunked(bytesOf('0005a0001'), 2))) kinds.push(line.kind);
  expect(kinds).toEqual(['data', 'delimiter']);
});
