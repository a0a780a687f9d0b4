import { type ObjectFilter, parseObjectFilter, serializeObjectFilter } from '@git-kv/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const NONE: ObjectFilter = { kind: 'blob:none' };

describe('parseObjectFilter reads', () => {
  const cases: [text: string, filter: ObjectFilter][] = [
    ['blob:none', NONE],
    ['blob:limit=0', { kind: 'blob:limit', bytes: 0 }],
    ['blob:limit=1000', { kind: 'blob:limit', bytes: 1000 }],
    ['blob:limit=1k', { kind: 'blob:limit', bytes: 1024 }],
    ['blob:limit=2M', { kind: 'blob:limit', bytes: 2 ** 21 }],
    ['blob:limit=3g', { kind: 'blob:limit', bytes: 3 * 2 ** 30 }],
    ['blob:limit=0x10', { kind: 'blob:limit', bytes: 16 }],
    ['blob:limit=010', { kind: 'blob:limit', bytes: 8 }],
    ['tree:0', { kind: 'tree', depth: 0 }],
    ['tree:17', { kind: 'tree', depth: 17 }],
    ['object:type=commit', { kind: 'object:type', type: 'commit' }],
    ['object:type=tag', { kind: 'object:type', type: 'tag' }],
    ['combine:blob:none', { kind: 'combine', filters: [NONE] }],
    ['combine:blob:none+tree:3', { kind: 'combine', filters: [NONE, { kind: 'tree', depth: 3 }] }],
    ['combine:%62lob:none+tree%3A3', { kind: 'combine', filters: [NONE, { kind: 'tree', depth: 3 }] }],
    [
      'combine:tree:1+combine:blob:none%2btree:2',
      {
        kind: 'combine',
        filters: [
          { kind: 'tree', depth: 1 },
          { kind: 'combine', filters: [NONE, { kind: 'tree', depth: 2 }] },
        ],
      },
    ],
  ];
  test.each(cases)('%s', (text, filter) => {
    expect(parseObjectFilter(text)).toEqual(filter);
    expect(parseObjectFilter(serializeObjectFilter(filter))).toEqual(filter);
  });
});

describe('parseObjectFilter refuses', () => {
  const cases: [text: string, problem: string][] = [
    ['', "invalid filter-spec ''"],
    ['blob', "invalid filter-spec 'blob'"],
    ['blob:none ', "invalid filter-spec 'blob:none '"],
    ['blob:limit=', "invalid filter-spec 'blob:limit='"],
    ['blob:limit=-1', "invalid filter-spec 'blob:limit=-1'"],
    ['blob:limit=1t', "invalid filter-spec 'blob:limit=1t'"],
    ['blob:limit=09', "invalid filter-spec 'blob:limit=09'"],
    ['blob:limit=99999999999999999999', "invalid filter-spec 'blob:limit=99999999999999999999'"],
    ['tree:', "expected 'tree:<depth>'"],
    ['tree:two', "expected 'tree:<depth>'"],
    ['object:type=', "'' for 'object:type=<type>' is not a valid object type"],
    ['object:type=blobs', "'blobs' for 'object:type=<type>' is not a valid object type"],
    ['combine:', 'expected something after combine:'],
    ['combine:blob:none+', "invalid filter-spec ''"],
    ['combine:blob:none+what', "invalid filter-spec 'what'"],
    ['combine:blob:none+tree:1 ', "must escape char in sub-filter-spec: ' '"],
    ['combine:blob:none&', "must escape char in sub-filter-spec: '&'"],
    ['combine:blob:nöne', "must escape char in sub-filter-spec: 'ö'"],
  ];
  test.each(cases)('%j', (text, problem) => {
    expect(() => parseObjectFilter(text)).toThrow(expect.objectContaining({ code: 'MALFORMED', problem }));
  });

  test.each(['sparse:oid=HEAD:x', 'sparse:path=x', 'combine:tree:1+sparse:oid=x'])(
    '%s, which is not supported',
    (text) => {
      expect(() => parseObjectFilter(text)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
    },
  );

  test('filters within filters without end', () => {
    expect(() => parseObjectFilter(`${'combine:'.repeat(5000)}tree:1`)).toThrow(
      expect.objectContaining({ code: 'LIMIT_EXCEEDED', limit: 'filterNesting' }),
    );
  });
});

test('every filter survives its spelling', () => {
  const { filter } = fc.letrec<{ filter: ObjectFilter }>((tie) => ({
    filter: fc.oneof(
      { maxDepth: 3 },
      fc.constant(NONE),
      fc.nat().map((bytes): ObjectFilter => ({ kind: 'blob:limit', bytes })),
      fc.nat().map((depth): ObjectFilter => ({ kind: 'tree', depth })),
      fc
        .constantFrom('commit' as const, 'tree' as const, 'blob' as const, 'tag' as const)
        .map((type): ObjectFilter => ({ kind: 'object:type', type })),
      fc
        .array(tie('filter'), { minLength: 1, maxLength: 3 })
        .map((filters): ObjectFilter => ({ kind: 'combine', filters })),
    ),
  }));
  fc.assert(
    fc.property(filter, (one) => {
      expect(parseObjectFilter(serializeObjectFilter(one))).toEqual(one);
    }),
  );
});
