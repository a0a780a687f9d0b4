import { decodeUtf8Exact, encodeUtf8, MalformedError } from '@git-kv/objects';
import { isWellFormed } from '../well-formed.js';
import type { Codec } from './codec.js';
import { InvalidValueError } from './invalid-value.js';

/** The bytes themselves, copied both ways. */
export const bytesCodec: Codec<Uint8Array> = {
  encode(value) {
    if (!(value instanceof Uint8Array)) throw invalid(`it is not a Uint8Array but of type ${typeof value}`);
    return new Uint8Array(value);
  },
  decode: (bytes) => bytes.slice(),
};

/** Text as UTF-8. A byte order mark is content. */
export const textCodec: Codec<string> = {
  encode(value) {
    if (typeof value !== 'string') throw invalid(`it is not text but of type ${typeof value}`);
    if (!isWellFormed(value)) throw invalid('it has a lone surrogate, which UTF-8 cannot hold');
    return encodeUtf8(value);
  },
  decode(bytes) {
    const text = decodeUtf8Exact(bytes);
    if (text === undefined) throw new MalformedError('text value', 0, 'it is not UTF-8');
    return text;
  },
};

function invalid(message: string): InvalidValueError {
  return new InvalidValueError('encode', [{ message, path: [] }]);
}
