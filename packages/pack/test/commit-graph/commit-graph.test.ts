import { type HashAlgorithm, isGitError, sha1, sha256 } from '@git-kv/objects';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type CommitGraph,
  type CommitGraphColumns,
  computeGenerations,
  joinCommitGraph,
  parentsFirst,
  parseCommitGraphChain,
  parseCommitGraphFile,
  serializeCommitGraph,
} from '../../src/index.js';

/** A commit as a test writes it: its parents come before it. */
interface Spec {
  readonly date: number;
  readonly parents: readonly number[];
}

/** Columns of commits whose oids ascend in the order given. */
function columnsOf(specs: readonly Spec[], algorithm: HashAlgorithm): CommitGraphColumns {
  const { oidLength } = algorithm;
  const oids = new Uint8Array(specs.length * oidLength);
  const treeOids = new Uint8Array(specs.length * oidLength);
  for (let position = 0; position < specs.length; position++) {
    oids.fill(0x11, position * oidLength, (position + 1) * oidLength);
    oids[position * oidLength] = (position * 3) & 0xff;
    oids[position * oidLength + 1] = position >> 8;
    treeOids.fill(position & 0xff, position * oidLength, (position + 1) * oidLength);
  }
  const parentStarts = Int32Array.from({ length: specs.length + 1 }, (_, index) =>
    specs.slice(0, index).reduce((sum, { parents }) => sum + parents.length, 0),
  );
  return {
    algorithm,
    commitCount: specs.length,
    oids,
    treeOids,
    parentStarts,
    parents: Int32Array.from(specs.flatMap(({ parents }) => parents)),
    dates: Float64Array.from(specs.map(({ date }) => date)),
  };
}

const SPECS: readonly Spec[] = [
  { date: 1000, parents: [] },
  { date: 0, parents: [] },
  { date: 900, parents: [0] }, // older than its parent
  { date: 5_000_000_000, parents: [2, 1] },
  { date: 10, parents: [3] }, // corrected by more than 31 bits
  { date: 20, parents: [4, 0, 1, 2] },
  { date: 20, parents: [5, 4, 3] },
];

function parentsOf(graph: CommitGraph, position: number): number[] {
  const output = new Int32Array(16);
  return [...output.subarray(0, graph.parentsAt(position, output))];
}

const PATH_FILTERS = SPECS.map((_, index) => new Uint8Array(index).fill(index));

describe.each([sha1, sha256])('a commit-graph of $name', (algorithm) => {
  const columns = columnsOf(SPECS, algorithm);
  const bytes = serializeCommitGraph({ ...columns, pathFilters: PATH_FILTERS });
  const graph = joinCommitGraph([parseCommitGraphFile(bytes, algorithm)]);

  test('tells what it was made of', () => {
    expect(graph.commitCount).toBe(SPECS.length);
    expect(graph.generationKind).toBe('corrected-date');
    expect(graph.pathFilterSettings).toEqual({ hashCount: 7, bitsPerPath: 10 });
    for (const [position, { date, parents }] of SPECS.entries()) {
      expect(parentsOf(graph, position)).toEqual(parents);
      expect(graph.dateAt(position)).toBe(date);
      expect(graph.pathFilterAt(position)).toEqual(PATH_FILTERS[position]);
      expect(graph.find(columns.oids, position * algorithm.oidLength)).toBe(position);
      expect(graph.findOid(graph.oidAt(position))).toBe(position);
      const tree = new Uint8Array(algorithm.oidLength);
      graph.copyTreeOid(position, tree, 0);
      expect(tree).toEqual(new Uint8Array(algorithm.oidLength).fill(position));
    }
    expect(graph.findOid('ff'.repeat(algorithm.oidLength))).toBe(-1);
    expect(graph.findOid('ff')).toBe(-1);
  });

  test('numbers generations by corrected dates, or by levels in version 1', () => {
    const numbers = (one: CommitGraph): number[] => SPECS.map((_, position) => one.generationAt(position));
    const [a, b] = [5_000_000_000, 5_000_000_001];
    expect(numbers(graph)).toEqual([1000, 1, 1001, a, b, b + 1, b + 2]);
    const levels = serializeCommitGraph({ ...columns, generationVersion: 1 });
    const old = joinCommitGraph([parseCommitGraphFile(levels, algorithm)]);
    expect(old.generationKind).toBe('level');
    expect(numbers(old)).toEqual([1, 1, 2, 3, 4, 5, 6]);
  });

  test('counts the parents there is no room for', () => {
    const output = new Int32Array(2);
    expect(graph.parentsAt(5, output)).toBe(4);
    expect([...output]).toEqual([4, 0]);
  });

  test('knows its checksum', () => {
    const file = parseCommitGraphFile(bytes, algorithm);
    expect(file.hasValidChecksum()).toBe(true);
    const damaged = bytes.slice();
    damaged[bytes.length - 1] = (damaged[bytes.length - 1] as number) ^ 1;
    expect(parseCommitGraphFile(damaged, algorithm).hasValidChecksum()).toBe(false);
  });

  describe('is refused where', () => {
    /** Offset of the row of a chunk in the table. */
    const rowOf = (id: string): number => {
      for (let at = 8; ; at += 12) if (String.fromCharCode(...bytes.subarray(at, at + 4)) === id) return at;
    };
    const chunkAt = (id: string): number => {
      const at = rowOf(id) + 8;
      return new DataView(bytes.buffer, bytes.byteOffset).getUint32(at);
    };
    const rename = (id: string): Uint8Array => changed(rowOf(id), 0x58);
    const changed = (offset: number, ...values: number[]): Uint8Array => {
      const copy = bytes.slice();
      copy.set(values, offset);
      return copy;
    };

    test.each<[problem: string, file: () => Uint8Array, code: string]>([
      ['it is empty', () => new Uint8Array(0), 'MALFORMED'],
      ['it is cut short in the header', () => bytes.slice(0, 7), 'MALFORMED'],
      ['it is cut short in the table', () => bytes.slice(0, 80), 'MALFORMED'],
      ['it is cut short in a chunk', () => bytes.slice(0, bytes.length - algorithm.oidLength - 1), 'MALFORMED'],
      ['it begins with something else', () => changed(0, 0x44), 'MALFORMED'],
      ['its version is another', () => changed(4, 2), 'UNSUPPORTED'],
      ['its hash is another', () => changed(5, 3 - (bytes[5] as number)), 'UNSUPPORTED'],
      ['it counts more chunks', () => changed(6, 200), 'MALFORMED'],
      ['it counts fewer chunks', () => changed(6, 3), 'MALFORMED'],
      ['it says it has a base', () => changed(7, 1), 'MALFORMED'],
      ['it has no fanout', () => rename('OIDF'), 'MALFORMED'],
      ['it has no oids', () => rename('OIDL'), 'MALFORMED'],
      ['it has no data', () => rename('CDAT'), 'MALFORMED'],
      ['a chunk ends before it begins', () => changed(rowOf('OIDL') + 11, 0), 'MALFORMED'],
      ['a chunk ends behind the file', () => changed(rowOf('GDA2') + 4, 0x7f), 'MALFORMED'],
      ['its fanout descends', () => changed(chunkAt('OIDF') + 3, 6, 0, 0, 0, 1), 'MALFORMED'],
      ['its fanout counts more than there are', () => changed(chunkAt('OIDF') + 1020, 0x7f), 'MALFORMED'],
      ['its fanout counts fewer', () => changed(chunkAt('OIDF') + 1020, 0, 0, 0, 6), 'MALFORMED'],
    ])('%s', (_problem, file, code) => {
      expect(() => parseCommitGraphFile(file(), algorithm)).toThrow(expect.objectContaining({ code }));
    });

    const dataAt = (position: number): number =>
      chunkAt('CDAT') + position * (algorithm.oidLength + 16) + algorithm.oidLength;

    test.each<[problem: string, file: () => Uint8Array, position: number]>([
      ['a parent is not in it', () => changed(dataAt(2), 0, 0, 0, 7), 2],
      ['a second parent is not in it', () => changed(dataAt(3) + 4, 0x6f, 0, 0, 0), 3],
      ['further parents stand behind EDGE', () => changed(dataAt(5) + 4, 0x80, 0, 0, 9), 5],
      ['a further parent is not in it', () => changed(chunkAt('EDGE'), 0, 0, 0, 99), 5],
      ['further parents do not end', () => changed(chunkAt('EDGE') + 16, 0, 0, 0, 1), 6],
      ['it has no EDGE', () => rename('EDGE'), 5],
    ])('when it is asked: %s', (_problem, file, position) => {
      const asked = joinCommitGraph([parseCommitGraphFile(file(), algorithm)]);
      expect(() => parentsOf(asked, position)).toThrow(
        expect.objectContaining({ code: 'MALFORMED', format: 'commit-graph' }),
      );
    });

    test.each<[problem: string, file: () => Uint8Array]>([
      ['a large date stands behind GDO2', () => changed(chunkAt('GDA2') + 16, 0x80, 0, 0, 9)],
      ['it has no GDO2', () => rename('GDO2')],
    ])('when it is asked for a generation: %s', (_problem, file) => {
      const asked = joinCommitGraph([parseCommitGraphFile(file(), algorithm)]);
      expect(() => asked.generationAt(4)).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
    });

    test.each<[problem: string, file: () => Uint8Array]>([
      ['it ends before it begins', () => changed(chunkAt('BIDX') + 12, 0, 0, 0, 0)],
      ['it ends behind BDAT', () => changed(chunkAt('BIDX') + 12, 0, 0, 4, 0)],
    ])('when it is asked for a filter: %s', (_problem, file) => {
      const asked = joinCommitGraph([parseCommitGraphFile(file(), algorithm)]);
      expect(() => asked.pathFilterAt(3)).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
    });

    test.each([
      ['filters of another hash version', () => changed(chunkAt('BDAT') + 3, 2)],
      ['filters without their ends', () => rename('BIDX')],
      ['filters of more hashes than anybody needs', () => changed(chunkAt('BDAT') + 4, 0x10)],
      ['filters of more bits than anybody needs', () => changed(chunkAt('BDAT') + 8, 0x10)],
    ])('passes over %s', (_case, file) => {
      const asked = joinCommitGraph([parseCommitGraphFile(file(), algorithm)]);
      expect(asked.pathFilterSettings).toBeUndefined();
      expect(asked.pathFilterAt(3)).toBeUndefined();
    });

    test('a position is outside of it', () => {
      for (const position of [-1, SPECS.length]) {
        expect(() => graph.dateAt(position)).toThrow();
        expect(() => graph.oidAt(position)).toThrow();
      }
    });

    test('any byte is changed: a typed error or an answer, and no hang', () => {
      fc.assert(
        fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (offset, bits) => {
          try {
            const one = joinCommitGraph([
              parseCommitGraphFile(changed(offset, (bytes[offset] as number) ^ bits), algorithm),
            ]);
            for (let position = 0; position < one.commitCount; position++) {
              parentsOf(one, position);
              one.generationAt(position);
              one.pathFilterAt(position);
            }
          } catch (error) {
            expect(isGitError(error)).toBe(true);
          }
        }),
        { numRuns: 2000 },
      );
    });

    test('it is cut anywhere', () => {
      for (let end = 0; end < bytes.length; end++) {
        expect(() => parseCommitGraphFile(bytes.slice(0, end), algorithm)).toThrow(
          expect.objectContaining({ code: 'MALFORMED' }),
        );
      }
    });
  });
});

describe('a chain of commit-graphs', () => {
  const base = parseCommitGraphFile(serializeCommitGraph(columnsOf(SPECS, sha1)), sha1);

  test('is refused where a file is made for others', () => {
    expect(() => joinCommitGraph([base, base])).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
    expect(() => joinCommitGraph([])).toThrow(RangeError);
  });

  test('has its checksums in a file, one a line', () => {
    const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
    const [a, b] = ['a'.repeat(40), 'b'.repeat(40)];
    expect(parseCommitGraphChain(bytes(`${a}\n${b}\n`), sha1)).toEqual([a, b]);
    for (const text of ['', '\n', `${a}\n\n${b}\n`, `${a}x\n`, `${a.toUpperCase()}\n`, `${a}${a}\n`, '../../x\n']) {
      expect(() => parseCommitGraphChain(bytes(text), sha1)).toThrow(
        expect.objectContaining({ code: 'MALFORMED', format: 'commit-graph-chain' }),
      );
    }
  });

  test.each([sha1, sha256])('has no more files than a header can count ($name)', (algorithm) => {
    const chain = (fileCount: number): Uint8Array =>
      new TextEncoder().encode(`${'a'.repeat(algorithm.hexLength)}\n`.repeat(fileCount));
    expect(parseCommitGraphChain(chain(256), algorithm)).toHaveLength(256);
    expect(() => parseCommitGraphChain(chain(257), algorithm)).toThrow(
      expect.objectContaining({ code: 'LIMIT_EXCEEDED', actual: 257 }),
    );
  });
});

describe('computeGenerations', () => {
  const history = fc.array(fc.record({ date: fc.nat(100), parents: fc.array(fc.nat(1000), { maxLength: 4 }) }), {
    maxLength: 40,
  });

  test('gives every commit more than its parents, and not more than is needed', () => {
    fc.assert(
      fc.property(history, (drawn) => {
        const specs = drawn.map(({ date, parents }, index) => ({
          date,
          parents: index === 0 ? [] : [...new Set(parents.map((parent) => parent % index))],
        }));
        const columns = columnsOf(specs, sha1);
        const { levels, correctedDates } = computeGenerations(columns);
        for (const [position, { date, parents }] of specs.entries()) {
          expect(levels[position]).toBe(1 + Math.max(0, ...parents.map((parent) => levels[parent] as number)));
          expect(correctedDates[position]).toBe(
            Math.max(date, 1 + Math.max(0, ...parents.map((parent) => correctedDates[parent] as number))),
          );
        }
        expect([...parentsFirst(columns)].sort((a, b) => a - b)).toEqual(specs.map((_, index) => index));
      }),
    );
  });

  test('refuses a commit that is its own ancestor', () => {
    const columns = { ...columnsOf([{ date: 1, parents: [] }], sha1), parentStarts: Int32Array.of(0, 1) };
    expect(() => computeGenerations({ ...columns, parents: Int32Array.of(0) })).toThrow(RangeError);
  });
});
