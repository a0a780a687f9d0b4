import { sha1, sha256 } from '@git-kv/objects';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ChunkTable, parseChunkFile } from '../../src/chunk-file/parse.js';
import { type Chunk, serializeChunkFile } from '../../src/chunk-file/serialize.js';

const chunk = (id: string, body: readonly number[] | Uint8Array): Chunk => ({
  id,
  size: body.length,
  write: (output) => output.set(body),
});
const HEADER = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]);
const table: ChunkTable = { format: 'sample', tableAt: 8, chunkCount: 2, trailerSize: 20 };
// Header 8, three rows of 12, so that chunks begin at 44: ABCD until 47, EFGH until 52.
const file = serializeChunkFile(HEADER, [chunk('ABCD', [1, 2, 3]), chunk('EFGH', [4, 5, 6, 7, 8])], sha1);

const changed = (...changes: readonly (readonly [at: number, byte: number])[]): Uint8Array => {
  const bytes = file.slice();
  for (const [at, byte] of changes) bytes[at] = byte;
  return bytes;
};

/** The same with a gap before its chunks, in which a table of one row more has room. */
const spacious = serializeChunkFile(HEADER, [chunk('ABCD', new Uint8Array(40)), chunk('EFGH', [9])], sha1);
spacious[19] = 60;

describe('a file of chunks', () => {
  test('is header, table, chunks and digest', () => {
    expect([...file.subarray(0, -20)]).toEqual([
      ...HEADER,
      ...[0x41, 0x42, 0x43, 0x44, 0, 0, 0, 0, 0, 0, 0, 44],
      ...[0x45, 0x46, 0x47, 0x48, 0, 0, 0, 0, 0, 0, 0, 47],
      ...[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 52],
      ...[1, 2, 3, 4, 5, 6, 7, 8],
    ]);
    expect(file.subarray(-20)).toEqual(sha1.digest(file.subarray(0, -20)));
    expect([...parseChunkFile(file, table)]).toEqual([
      ['ABCD', { start: 44, end: 47 }],
      ['EFGH', { start: 47, end: 52 }],
    ]);
  });

  test('gives back what it was given', () => {
    const id = fc
      .tuple(fc.integer({ min: 33, max: 126 }), fc.uint8Array({ minLength: 3, maxLength: 3 }))
      .map(([first, rest]) => String.fromCharCode(first, ...rest.map((byte) => byte & 0x7f)));
    const chunks = fc.uniqueArray(fc.tuple(id, fc.uint8Array({ maxLength: 20 })), { selector: ([name]) => name });
    fc.assert(
      fc.property(chunks, fc.uint8Array({ maxLength: 20 }), (drawn, header) => {
        const bytes = serializeChunkFile(
          header,
          drawn.map(([name, body]) => chunk(name, body)),
          sha256,
        );
        const ranges = parseChunkFile(bytes, {
          format: 'sample',
          tableAt: header.length,
          chunkCount: drawn.length,
          trailerSize: 32,
        });
        expect([...ranges].map(([name, { start, end }]) => [name, bytes.slice(start, end)])).toEqual(drawn);
      }),
    );
  });

  test.each<[string, Uint8Array, Partial<ChunkTable>, number]>([
    ['whose table ends before the chunks it counts', spacious, { chunkCount: 3 }, 32],
    ['whose table goes on after the chunks it counts', file, { chunkCount: 1 }, 20],
    ['that counts more chunks than it has bytes', file, { chunkCount: 255 }, file.length],
    ['with a chunk twice', changed([20, 0x41], [21, 0x42], [22, 0x43], [23, 0x44]), {}, 20],
    ['with an id of zeros', changed([8, 0], [9, 0], [10, 0], [11, 0]), {}, 8],
    ['with a chunk in the header', changed([19, 7]), {}, 12],
    ['with a chunk in the table', changed([19, 43]), {}, 12],
    ['with chunks that overlap', changed([31, 43]), {}, 24],
    ['with a chunk that ends before it begins', changed([43, 46]), {}, 36],
    ['with a chunk in the checksum', changed([43, 53]), {}, 36],
    ['with a chunk past 4 GiB', changed([39, 1]), {}, 36],
    ['with a chunk past 64 bits', changed([36, 0xff]), {}, 36],
    ['whose end mark is none', changed([32, 1]), {}, 32],
  ])('is refused %s', (_problem, bytes, parts, offset) => {
    expect(() => parseChunkFile(bytes, { ...table, ...parts })).toThrow(
      expect.objectContaining({ code: 'MALFORMED', format: 'sample', offset }),
    );
  });

  test('is refused where it is cut short', () => {
    for (let end = 0; end < file.length; end++) {
      expect(() => parseChunkFile(file.subarray(0, end), table), `${end}`).toThrow(
        expect.objectContaining({ code: 'MALFORMED' }),
      );
    }
  });

  test('of random bytes is refused, or lies within its bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), fc.nat({ max: 5 }), (bytes, chunkCount) => {
        try {
          for (const { start, end } of parseChunkFile(bytes, { ...table, chunkCount }).values()) {
            expect(start <= end && end <= bytes.length - 20).toBe(true);
          }
        } catch (error) {
          expect(error).toMatchObject({ code: 'MALFORMED' });
        }
      }),
    );
  });
});
