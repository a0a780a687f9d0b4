import { decodeBase64, encodeBase64 } from '../bytes/base64.js';
import { concatBytes, equalBytes, startsWithBytes } from '../bytes/bytes.js';
import { decodeUtf8, encodeAscii } from '../bytes/text.js';
import { GitError, LimitError, MalformedError } from '../error.js';
import { parseSshPublicKey, SSH_COORDINATE_BYTES, type SshPublicKey } from './public-key.js';
import { SshReader } from './wire.js';

/** The members of a JSON Web Key, as WebCrypto imports it. @see RFC 7517 */
export type SshJsonWebKey = Readonly<Record<string, string>>;

/**
 * A private key. What is secret stands in a private field: it is in no log line and no JSON of this object, and errors of
 * this package never quote it. The memory is not wiped.
 */
export class SshPrivateKey {
  readonly publicKey: SshPublicKey;
  readonly comment: string;
  readonly #jsonWebKey: SshJsonWebKey;

  constructor(publicKey: SshPublicKey, jsonWebKey: SshJsonWebKey, comment = '') {
    this.publicKey = publicKey;
    this.comment = comment;
    this.#jsonWebKey = jsonWebKey;
  }

  /** The secret, for `crypto.subtle.importKey('jwk', ...)`. */
  toJsonWebKey(): SshJsonWebKey {
    return this.#jsonWebKey;
  }
}

const FORMAT = 'openssh private key';
const BEGIN = '-----BEGIN OPENSSH PRIVATE KEY-----';
const END = '-----END OPENSSH PRIVATE KEY-----';
const MAGIC = /* @__PURE__ */ encodeAscii('openssh-key-v1\0');
const MAX_KEY_BYTES = 64 * 1024;
/** What a key without a passphrase is padded to. */
const BLOCK_BYTES = 8;

/** Whether the file is one that {@link parseSshPrivateKey} is for. */
export function isSshPrivateKey(text: string): boolean {
  return text.trimStart().startsWith(BEGIN);
}

/**
 * Parse a private key file as `ssh-keygen` writes it.
 *
 *     blob    = "openssh-key-v1" NUL, string cipher, string kdf, string kdfOptions, uint32 count, string publicKey, string private
 *     private = uint32 check, uint32 check, string type, fields of the type, string comment, bytes 1 2 3 ... up to the block
 *
 * @throws {GitError} ENCRYPTED_KEY for a key with a passphrase
 * @throws {GitError} UNSUPPORTED for the key of a type that cannot sign here (security keys among them)
 * @throws {MalformedError} at the byte; nothing of the key is quoted
 * @see OpenSSH's PROTOCOL.key
 */
export function parseSshPrivateKey(text: string): SshPrivateKey {
  if (text.length > MAX_KEY_BYTES) throw new LimitError('private key bytes', text.length, MAX_KEY_BYTES);
  const trimmed = text.trim();
  if (!trimmed.startsWith(BEGIN) || !trimmed.endsWith(END)) throw new MalformedError(FORMAT, 0, 'there is no armor');
  const blob = decodeBase64(trimmed.slice(BEGIN.length, -END.length).replace(/\s+/g, ''));
  if (blob === undefined) throw new MalformedError(FORMAT, BEGIN.length, 'it is not base64');
  const reader: SshReader = new SshReader(blob, FORMAT);
  if (!startsWithBytes(blob, MAGIC)) reader.fail('the magic bytes are missing');
  reader.bytes(MAGIC.length, 'magic');
  const cipher = reader.name('cipher');
  const kdf = reader.name('kdf');
  const kdfOptions = reader.string('kdf options');
  if (cipher !== 'none' || kdf !== 'none') {
    throw new GitError('ENCRYPTED_KEY', 'Cannot read openssh private key: it has a passphrase, which is not supported');
  }
  if (kdfOptions.length > 0) reader.fail('a key without a passphrase has options for one');
  const countStart = reader.offset;
  const count = reader.uint32('key count');
  if (count !== 1) reader.fail(`it holds ${count} keys, not one`, countStart);
  const publicKey = parseSshPublicKey(reader.string('public key'));
  const secretStart = reader.offset;
  const secret = reader.string('private section');
  reader.end();
  if (secret.length % BLOCK_BYTES !== 0) reader.fail('the private section does not fill its blocks', secretStart);
  return parseSecret(secret, publicKey);
}

function parseSecret(bytes: Uint8Array, publicKey: SshPublicKey): SshPrivateKey {
  const reader: SshReader = new SshReader(bytes, FORMAT);
  const check = reader.uint32('check');
  if (reader.uint32('check') !== check) reader.fail('the check numbers differ', 0);
  if (reader.name('key type') !== publicKey.type) reader.fail('the private key is of another type than the public one');
  const jsonWebKey = readSecretFields(reader, publicKey);
  const comment = decodeUtf8(reader.string('comment'));
  const paddingStart = reader.offset;
  const padding = reader.rest();
  const isOrdered = padding.every((byte, at) => byte === at + 1);
  if (!isOrdered || padding.length >= BLOCK_BYTES) reader.fail('the padding is wrong', paddingStart);
  return new SshPrivateKey(publicKey, jsonWebKey, comment);
}

function readSecretFields(reader: SshReader, key: SshPublicKey): SshJsonWebKey {
  if (key.kind === 'unknown' || (key.kind !== 'rsa' && key.application !== undefined)) {
    throw new GitError('UNSUPPORTED', `Cannot sign with a key of type ${key.type}: it is not supported`);
  }
  const same = (bytes: Uint8Array, expected: Uint8Array, start: number): void => {
    if (!equalBytes(bytes, expected)) reader.fail('it is not the private key of the public one', start);
  };
  const start = reader.offset;
  if (key.kind === 'ed25519') {
    same(reader.sized('point', 32), key.point, start);
    const seedStart = reader.offset;
    const seedAndPoint = reader.sized('secret', 64);
    same(seedAndPoint.subarray(32), key.point, seedStart);
    return { kty: 'OKP', crv: 'Ed25519', x: base64Url(key.point), d: base64Url(seedAndPoint.subarray(0, 32)) };
  }
  if (key.kind === 'ecdsa') {
    if (reader.name('curve') !== key.curve) reader.fail('the curve is another than the public key has', start);
    same(reader.string('point'), key.point, start);
    return ecdsaJsonWebKey(key, reader.positive('secret'), reader);
  }
  same(reader.positive('modulus'), key.modulus, start);
  same(reader.positive('exponent'), key.exponent, start);
  const d = reader.positive('private exponent');
  const qi = reader.positive('coefficient');
  const p = reader.positive('first prime');
  const q = reader.positive('second prime');
  const [n, e] = [key.modulus, key.exponent];
  if (toBigInt(p) * toBigInt(q) !== toBigInt(n)) reader.fail('the primes are not those of the modulus', start);
  const parts = { n, e, d, p, q, dp: exponentOf(d, p), dq: exponentOf(d, q), qi };
  return { kty: 'RSA', ...Object.fromEntries(Object.entries(parts).map(([name, value]) => [name, base64Url(value)])) };
}

function ecdsaJsonWebKey(key: SshPublicKey & { kind: 'ecdsa' }, secret: Uint8Array, reader: SshReader): SshJsonWebKey {
  const size = SSH_COORDINATE_BYTES[key.curve];
  if (secret.length > size) reader.fail('the secret is too long for the curve');
  const d = concatBytes([new Uint8Array(size - secret.length), secret]);
  return {
    kty: 'EC',
    crv: `P-${key.curve.slice('nistp'.length)}`,
    x: base64Url(key.point.subarray(1, 1 + size)),
    y: base64Url(key.point.subarray(1 + size)),
    d: base64Url(d),
  };
}

/** d modulo (prime - 1). */
function exponentOf(d: Uint8Array, prime: Uint8Array): Uint8Array {
  const divisor = toBigInt(prime) - 1n;
  const hex = divisor === 0n ? '' : (toBigInt(d) % divisor).toString(16);
  const even = hex.length % 2 === 0 ? hex : `0${hex}`;
  return Uint8Array.from(even.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function toBigInt(bytes: Uint8Array): bigint {
  let hex = '0x0';
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0');
  return BigInt(hex);
}

function base64Url(bytes: Uint8Array): string {
  return encodeBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}
