import { hashAlgorithm, OBJECT_KINDS, oidFromBytes, oidToBytes } from '@git-kv/objects';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Mark, ObjectTable } from '../../../src/maintenance/fsck/object-table.js';

describe.each(['sha1', 'sha256'] as const)('a table of objects of %s', (format) => {
  const algorithm = hashAlgorithm(format);
  const oid = fc.uint8Array({ minLength: algorithm.oidLength, maxLength: algorithm.oidLength });
  const oids = fc.array(oid.map((bytes) => oidFromBytes(bytes)));

  test('gives each id one row and keeps what is noted of it', () => {
    fc.assert(
      fc.property(oids, (all) => {
        const table = new ObjectTable(algorithm);
        const rows = new Map<string, number>();
        for (const [at, oid] of all.entries()) {
          const row = table.row(oidToBytes(oid), 0);
          expect(rows.get(oid) ?? row).toBe(row);
          rows.set(oid, row);
          if (at % 3 === 0) table.mark(row, Mark.used);
          table.setPresent(row, OBJECT_KINDS[row % 4]);
        }
        expect(table.count).toBe(rows.size);
        for (const [oid, row] of rows) {
          expect(table.find(oid)).toBe(row);
          expect(table.oidAt(row)).toBe(oid);
          expect(table.kindAt(row)).toBe(OBJECT_KINDS[row % 4]);
        }
        expect(table.find('f'.repeat(algorithm.hexLength - 1))).toBeUndefined();
      }),
    );
  });

  test('grows to many', () => {
    const table = new ObjectTable(algorithm);
    const id = new Uint8Array(algorithm.oidLength);
    const view = new DataView(id.buffer);
    for (let at = 0; at < 20_000; at++) {
      view.setUint32(4, at);
      expect(table.row(id, 0)).toBe(at);
    }
    for (let at = 0; at < 20_000; at += 997) {
      view.setUint32(4, at);
      expect(table.row(id, 0)).toBe(at);
    }
  });

  test('knows when links and content disagree', () => {
    const table = new ObjectTable(algorithm);
    const row = table.rowOf('a'.repeat(algorithm.hexLength));
    table.setLinked(row, 2);
    expect([table.kindAt(row), table.linkedKindAt(row), table.isMistaken(row)]).toEqual([undefined, 'blob', false]);
    table.setPresent(row, 'blob');
    expect(table.isMistaken(row)).toBe(false);
    table.setPresent(row, 'tree');
    expect(table.isMistaken(row)).toBe(true);
  });
});
