import { decodeUtf8, encodeUtf8 } from '@git-kv/objects';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bytesCodec,
  type Codec,
  cborCodec,
  InvalidValueError,
  jsonCodec,
  type StandardSchema,
  textCodec,
  withSchema,
} from '../../src/codecs/index.js';

const text = (bytes: Uint8Array): string => decodeUtf8(bytes);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const fromHex = (digits: string): Uint8Array => Uint8Array.from(Buffer.from(digits, 'hex'));

/** What JSON holds: with names that JavaScript would put first, and names of prototypes. */
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, false, 0, -1, 1.5, 2 ** 53, 1e300, '', '\ufeff', '\u2028'),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
    fc.string({ unit: 'grapheme' }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.constantFrom('__proto__', '10', '9', 'constructor'), fc.string()), tie('value'), {
      maxKeys: 4,
      noNullPrototype: true,
    }),
  ),
})).value;

/** The same value with the names of its objects in the opposite order. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, item]) => [name, turned(item)]),
  );
}

describe.each([
  ['jsonCodec()', jsonCodec()],
  ['jsonCodec({ indent: 2 })', jsonCodec({ indent: 2 })],
  ['cborCodec()', cborCodec()],
])('%s', (_name, codec) => {
  test('gives back what went in, and equal bytes for equal values (T10)', () => {
    fc.assert(
      fc.property(json, (value) => {
        const bytes = codec.encode(value);
        expect(codec.decode(bytes)).toEqual(value);
        expect(hex(codec.encode(turned(value)))).toBe(hex(bytes));
        expect(hex(codec.encode(codec.decode(bytes)))).toBe(hex(bytes));
      }),
      { numRuns: 300 },
    );
  });

  const circular: unknown[] = [];
  circular.push({ circular });
  class Point {
    x = 1;
  }
  const refused: readonly (readonly [what: string, value: unknown, path: readonly PropertyKey[]])[] = [
    ['a function', { a: [() => 1] }, ['a', 0]],
    ['a symbol', Symbol('s'), []],
    ['a name by symbol', { [Symbol.iterator]: 1 }, [Symbol.iterator]],
    ['a date', { at: new Date(0) }, ['at']],
    ['a map', new Map([[1, 2]]), []],
    ['an object of a class', [new Point()], [0]],
    ['a hole in an array', new Array(1), [0]],
    ['an array with more than items', Object.assign([1], { more: 1 }), []],
    [
      'a getter',
      {
        get now() {
          return 1;
        },
      },
      ['now'],
    ],
    ['a lone surrogate', { text: '\ud800' }, ['text']],
    ['a lone surrogate in a name', { '\udc00': 1 }, ['\udc00']],
    ['a view that is not of bytes', [new Float32Array(1)], [0]],
    ['a value that holds itself', circular, [0, 'circular', 0]],
  ];

  test.each(refused)('refuses %s, and says where', (_what, value, path) => {
    const run = (): unknown => codec.encode(value);
    expect(run).toThrow(InvalidValueError);
    expect(run).toThrow(
      expect.objectContaining({ code: 'INVALID_VALUE', issues: [expect.objectContaining({ path })] }),
    );
  });
});

describe('jsonCodec', () => {
  test('sorts names by UTF-16 code units, numbers among them, at every level', () => {
    const value = { b: { '9': 1, '10': 2, a: 3 }, '\u{1f600}': 1, '\uff00': 2, '': 0, __proto__x: [] };
    expect(text(jsonCodec().encode(value))).toBe(
      '{"":0,"__proto__x":[],"b":{"10":2,"9":1,"a":3},"\u{1f600}":1,"\uff00":2}',
    );
  });

  test('puts a member on each line where it is to be read by people', () => {
    const bytes = jsonCodec({ indent: 2 }).encode({ b: [1, { c: null }], a: [], d: {} });
    expect(text(bytes)).toBe('{\n  "a": [],\n  "b": [\n    1,\n    {\n      "c": null\n    }\n  ],\n  "d": {}\n}\n');
  });

  test.each([undefined, Number.NaN, Number.POSITIVE_INFINITY, 1n, Uint8Array.of(1)])('refuses %s', (value) => {
    expect(() => jsonCodec().encode({ value })).toThrow(expect.objectContaining({ code: 'INVALID_VALUE' }));
  });

  test.each([
    ['no text', Uint8Array.of(0x22, 0xff, 0x22)],
    ['nothing', new Uint8Array(0)],
    ['cut short', encodeUtf8('{"a":')],
    ['more after its end', encodeUtf8('{} {}')],
    ['a comment', encodeUtf8('{} // none')],
    ['a number over what JavaScript holds', encodeUtf8('{"a":[0,1e400]}')],
    ['one below', encodeUtf8('-1E+309')],
    ['one with zeros in its exponent', encodeUtf8('[1e000000400]')],
    ['one of many digits', encodeUtf8('9'.repeat(309))],
    ['one of digits and an exponent', encodeUtf8(`${'9'.repeat(299)}.5e10`)],
    ['one within arrays in arrays', encodeUtf8(`${'['.repeat(5000)}1e999${']'.repeat(5000)}`)],
  ])('cannot decode %s', (_what, bytes) => {
    expect(() => jsonCodec().decode(bytes)).toThrow(
      expect.objectContaining({ code: 'MALFORMED', format: 'JSON value' }),
    );
  });
});

test.each([
  ['the greatest number', '1.7976931348623157e308', Number.MAX_VALUE],
  ['as many digits as a number may have', '9'.repeat(308), 1e308],
  ['299 digits and the greatest exponent of one digit', `${'9'.repeat(299)}e9`, 1e308],
  ['a number too small to tell', '1e-400', 0],
  ['text that looks like a number', '"1e400"', '1e400'],
])('jsonCodec reads %s', (_what, digits, value) => {
  expect(jsonCodec().decode(encodeUtf8(digits))).toBe(value);
});

describe('cborCodec', () => {
  // Of RFC 8949, appendix A, as far as JavaScript tells its values apart.
  test.each([
    [0, '00'],
    [23, '17'],
    [24, '1818'],
    [1000000000000, '1b000000e8d4a51000'],
    [18446744073709551615n, '1bffffffffffffffff'],
    [-18446744073709551616n, '3bffffffffffffffff'],
    [-1000, '3903e7'],
    [1.1, 'fb3ff199999999999a'],
    [1.5, 'f93e00'],
    [65504.5, 'fa477fe080'],
    [Number.POSITIVE_INFINITY, 'f97c00'],
    [Number.NaN, 'f97e00'],
    [undefined, 'f7'],
    [Uint8Array.of(1, 2, 3, 4), '4401020304'],
    ['\u00fc', '62c3bc'],
    [[1, [2, 3], [4, 5]], '8301820203820405'],
    [{ b: [2, 3], a: 1 }, 'a26161016162820203'],
    [{ aa: 1, b: 2 }, 'a261620262616101'],
  ])('writes %s as RFC 8949 has it', (value, digits) => {
    expect(hex(cborCodec().encode(value))).toBe(digits);
    expect(cborCodec().decode(fromHex(digits))).toEqual(value);
  });

  test('refuses integers of more than 64 bits', () => {
    expect(() => cborCodec().encode(2n ** 64n)).toThrow(expect.objectContaining({ code: 'INVALID_VALUE' }));
    expect(() => cborCodec().encode(-(2n ** 64n) - 1n)).toThrow(expect.objectContaining({ code: 'INVALID_VALUE' }));
  });

  test.each([
    ['nothing', ''],
    ['cut short', '8301'],
    ['more after its end', '0101'],
    ['a length that is not told at first', '9f01ff'],
    ['a tag', 'c001'],
    ['a name twice', 'a2616101616102'],
    ['a name twice, in another length', 'a26161017801610a'],
    ['a name that is no text', 'a10102'],
    ['a simple value without a meaning', 'f0'],
    ['a simple value of two bytes', 'f8ff'],
    ['text that is not UTF-8', '61ff'],
    ['text that is not UTF-8 within a map', 'a1616161ff'],
    ['an array of 2^64 items', '9bffffffffffffffff'],
    ['a map of 2^32 members', 'baffffffff'],
    ['a string of 2^53 bytes', '7b0020000000000000'],
    ['a reserved value', 'fc'],
    ['arrays in arrays without an end', '81'.repeat(200_000)],
  ])('cannot decode %s', (_what, digits) => {
    const bytes = fromHex(digits);
    expect(() => cborCodec().decode(bytes)).toThrow(
      expect.objectContaining({ code: 'MALFORMED', format: 'CBOR value' }),
    );
  });

  // Well-formed by RFC 8949, and of no deterministic encoding.
  test.each([
    ['1800', 0, '00'],
    ['190017', 23, '17'],
    ['1b0000000000000001', 1, '01'],
    ['3900ff', -256, '38ff'],
    ['580100', Uint8Array.of(0), '4100'],
    ['780161', 'a', '6161'],
    ['980101', [1], '8101'],
    ['b90001616101', { a: 1 }, 'a1616101'],
    ['fb3ff8000000000000', 1.5, 'f93e00'],
    ['a2616201616102', { b: 1, a: 2 }, 'a2616102616201'],
  ])('reads %s, which others may write, and writes its own form', (digits, value, own) => {
    expect(cborCodec().decode(fromHex(digits))).toEqual(value);
    expect(hex(cborCodec().encode(value))).toBe(own);
  });

  test('takes U+FFFD for what it is where it was written', () => {
    expect(cborCodec().decode(cborCodec().encode(['\ufffd', 'plain']))).toEqual(['\ufffd', 'plain']);
  });

  test("gives back bytes that are the caller's own", () => {
    const decoded = cborCodec<Uint8Array>().decode(fromHex('4101'));
    decoded[0] = 9;
    expect(hex(cborCodec().encode(Uint8Array.of(1)))).toBe('4101');
  });
});

describe('bytesCodec and textCodec', () => {
  test('keep what they are given apart from what they give', () => {
    const value = Uint8Array.of(1, 2);
    const bytes = bytesCodec.encode(value);
    value[0] = 9;
    expect([...bytesCodec.decode(bytes)]).toEqual([1, 2]);
    expect(textCodec.decode(textCodec.encode('\ufeffHoi maailma!\n'))).toBe('\ufeffHoi maailma!\n');
  });

  test.each<[string, () => unknown, string]>([
    ['text for bytes', () => bytesCodec.encode('text' as never), 'INVALID_VALUE'],
    ['bytes for text', () => textCodec.encode(Uint8Array.of(1) as never), 'INVALID_VALUE'],
    ['a lone surrogate', () => textCodec.encode('\ud800'), 'INVALID_VALUE'],
    ['bytes that are not UTF-8', () => textCodec.decode(Uint8Array.of(0xff)), 'MALFORMED'],
  ])('refuse %s', (_what, run, code) => {
    expect(run).toThrow(expect.objectContaining({ code }));
  });
});

describe('withSchema (T13)', () => {
  interface Limit {
    readonly name: string;
    readonly bytes: number;
  }

  /** A schema as a library would make it, with a default for `bytes`. */
  const schema: StandardSchema<Limit> = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: async (value) => {
        const { name, bytes = 0 } = value as { name?: unknown; bytes?: unknown };
        if (typeof name !== 'string') return { issues: [{ message: 'name has to be text', path: ['name'] }] };
        if (typeof bytes !== 'number') {
          return { issues: [{ message: 'has to be a number', path: [{ key: 'bytes' }] }, { message: 'and more' }] };
        }
        return { value: { name, bytes } };
      },
    },
  };
  const codec = withSchema<Limit>(jsonCodec() as Codec<Limit>, schema);

  test('writes what the schema makes of a value', async () => {
    expect(text(await codec.encode({ name: 'upload', other: 1 } as never))).toBe('{"bytes":0,"name":"upload"}');
  });

  test('refuses a value before it is written, with every issue and its place', async () => {
    await expect(codec.encode({ name: 'upload', bytes: '1' } as never)).rejects.toMatchObject({
      code: 'INVALID_VALUE',
      message: 'Cannot encode value at bytes: has to be a number',
      issues: [
        { message: 'has to be a number', path: ['bytes'] },
        { message: 'and more', path: [] },
      ],
    });
  });

  test('refuses a value after it was read', async () => {
    await expect(codec.decode(encodeUtf8('{"bytes":1}'))).rejects.toMatchObject({
      code: 'INVALID_VALUE',
      message: 'Cannot decode value at name: name has to be text',
    });
  });
});
