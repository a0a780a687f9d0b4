import { decodeUtf8Exact, MalformedError } from '@git-kv/objects';
import { type DecodeOptions, decode, encode, rfc8949EncodeOptions, Tokenizer, Type } from 'cborg';
import type { Codec } from './codec.js';
import { InvalidValueError } from './invalid-value.js';
import { assertPlainData, type DataRules, describeValue } from './plain-data.js';

const MIN_INTEGER = -(2n ** 64n);
const MAX_INTEGER = 2n ** 64n - 1n;

const RULES: DataRules = {
  leaf(value) {
    if (value === undefined || typeof value === 'number') return true; // NaN and the infinities
    if (typeof value === 'bigint') {
      return (value >= MIN_INTEGER && value <= MAX_INTEGER) || 'it is an integer of more than 64 bits';
    }
    // Other views would come back as bytes.
    if (value instanceof Uint8Array) return true;
    return `CBOR is written here without a way to hold ${describeValue(value)}`;
  },
};

const OPTIONS: DecodeOptions = {
  strict: false, // numbers and lengths in more bytes than needed, which other writers may choose
  allowBigInt: true,
  allowIndefinite: false,
  rejectDuplicateMapKeys: true,
  retainStringBytes: true,
};

/**
 * CBOR in the deterministic encoding of RFC 8949: shortest numbers, definite lengths, names sorted by their encoded bytes. Holds
 * what JSON does, and `Uint8Array`, `undefined`, integers of 64 bits, NaN and the infinities. No tags: dates and maps are refused.
 * `-0` is written as `0`; a bigint that is a safe integer comes back as a number. Reading takes what others wrote in longer forms.
 */
export function cborCodec<T = unknown>(): Codec<T> {
  return {
    encode(value) {
      assertPlainData(value, RULES);
      try {
        return encode(value, rfc8949EncodeOptions).slice();
      } catch (cause) {
        throw new InvalidValueError('encode', [{ message: 'CBOR cannot hold it', path: [] }], { cause });
      }
    },
    decode(bytes) {
      const tokenizer = new TextTokenizer(bytes, OPTIONS);
      try {
        return decode(bytes, { ...OPTIONS, tokenizer }) as T;
      } catch (cause) {
        const problem =
          cause instanceof RangeError
            ? 'it is nested too deep'
            : (cause as Error).message.replace(/^CBOR \w+ error: /, '');
        throw new MalformedError('CBOR value', Math.min(tokenizer.pos(), bytes.length), problem, { cause });
      }
    },
  };
}

/** Reads text exactly: the library replaces what is not UTF-8 by U+FFFD, and drops a byte order mark. */
class TextTokenizer extends Tokenizer {
  override next(): ReturnType<Tokenizer['next']> {
    const token = super.next();
    const { byteValue } = token;
    if (!Type.equals(token.type, Type.string) || byteValue === undefined) return token;
    if (byteValue[0] === 0xef || String(token.value).includes('\ufffd')) {
      const text = decodeUtf8Exact(byteValue);
      if (text === undefined) throw new Error('text is not UTF-8');
      token.value = text;
    }
    return token;
  }
}
