import { type Codec, cborCodec, jsonCodec } from '@git-kv/kv/codecs';
import { ensureEqualBytes, type FuzzTarget } from '../../lib/target.js';

const VALUES: readonly unknown[] = [
  null,
  [true, false, -1, 1.5, 2 ** 53, 1e300],
  { b: 1, a: { '10': [], '9': {} }, __proto__x: 'text', '': '\ufeff\u{1f600}' },
  { list: Array.from({ length: 30 }, (_, at) => ({ at, text: 'x'.repeat(at) })) },
];

/** What was read is written in one way, and read again as the same. */
function roundTrip(codec: Codec<unknown>, bytes: Uint8Array): void {
  const written = codec.encode(codec.decode(bytes));
  ensureEqualBytes(codec.encode(codec.decode(written)), written, 'what was written again');
}

export const cbor: FuzzTarget = {
  name: 'cbor',
  about: 'values in CBOR: what is read is written in one way, and read again as the same',
  dictionary: [
    '\x9f',
    '\xff',
    '\xa1',
    '\x81',
    '\xf7',
    '\xf9\x7e\x00',
    '\x1b\xff\xff\xff\xff\xff\xff\xff\xff',
    '\x61a',
    '\xef\xbb\xbf',
  ],
  seeds: () => {
    const codec = cborCodec();
    const more = [Uint8Array.of(1, 2, 3), [undefined, 2n ** 63n, -(2n ** 63n), Number.NaN]];
    return [...VALUES, ...more].map((value) => ({ bytes: codec.encode(value) }));
  },
  execute: (bytes) => roundTrip(cborCodec(), bytes),
};

export const json: FuzzTarget = {
  name: 'json',
  about: 'values in JSON: what is read is written in one way, and read again as the same',
  isText: true,
  dictionary: ['{"', '":', '[', ']', 'null', 'true', '1e400', '-0', '\\ud800', '\\u0000', '"__proto__":', ','],
  seeds: () => VALUES.map((value) => ({ bytes: jsonCodec({ indent: 1 }).encode(value) })),
  execute: (bytes) => roundTrip(jsonCodec(), bytes),
};
