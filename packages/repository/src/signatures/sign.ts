import {
  concatBytes,
  decodeBase64,
  encodeUtf8,
  GitError,
  type HashAlgorithm,
  isSshPrivateKey,
  LimitError,
  MalformedError,
  parseSshPrivateKey,
  parseSshPublicKey,
  SSH_COORDINATE_BYTES,
  SshPrivateKey,
  type SshPublicKey,
  type SshSignature,
  serializeSshSignature,
  signCommitBody,
  splitSignedTag,
  sshMpint,
  sshSignedData,
  sshString,
} from '@git-kv/objects';
import { signEd25519 } from './ed25519.js';
import { CURVES, DIGESTS, findSubtle, isNotSupported, plain } from './subtle.js';

/** Makes an armored signature of these bytes: by a key at hand, an agent, a service. */
export type PayloadSigner = (payload: Uint8Array) => Promise<Uint8Array | string>;

/** Signs what SSH signs in place of a payload: a digest under a namespace. An agent does. */
export interface DataSigner {
  readonly publicKey: SshPublicKey;
  signData(data: Uint8Array): Promise<Pick<SshSignature, 'algorithm' | 'value'>>;
}

/** What a signature is made with. */
export interface SignSshOptions {
  /** What the signature is for; `git` where none is given. */
  readonly namespace?: string;
  /** The digest that is signed instead of the payload: `sha512` where none is given, as with `ssh-keygen`. */
  readonly hashName?: SshSignature['hashName'];
  /** In place of the runtime's own WebCrypto. */
  readonly subtle?: SubtleCrypto;
}

const LF = 0x0a;
const MAX_KEY_BYTES = 64 * 1024;
const RSA_ALGORITHM = 'rsa-sha2-512';

/**
 * Sign `payload`: an armored SSH signature as `ssh-keygen -Y sign` makes it.
 * @throws {GitError} UNSUPPORTED where the runtime lacks the algorithm
 * @throws {MalformedError} where the runtime takes the key for none
 */
export async function signSsh(
  payload: Uint8Array,
  key: SshPrivateKey | DataSigner,
  options: SignSshOptions = {},
): Promise<string> {
  const { namespace = 'git', hashName = 'sha512' } = options;
  if (namespace === '') throw new RangeError('Cannot sign: the namespace is empty');
  const subtle = findSubtle(options.subtle);
  const digest = new Uint8Array(await subtle.digest(DIGESTS[hashName], plain(payload)));
  const { publicKey } = key;
  const data = plain(sshSignedData({ namespace, hashName }, digest));
  const made = 'signData' in key ? await key.signData(data) : await signData(subtle, key, data);
  if (made.algorithm === 'ssh-rsa')
    throw new GitError('UNSUPPORTED', 'Cannot sign: the agent signs SHA-1, which is refused');
  return serializeSshSignature({ publicKey, namespace, hashName, ...made });
}

async function signData(
  subtle: SubtleCrypto,
  key: SshPrivateKey,
  data: Uint8Array<ArrayBuffer>,
): Promise<Pick<SshSignature, 'algorithm' | 'value'>> {
  const { publicKey } = key;
  const raw = await signRaw(subtle, key, data);
  const algorithm = publicKey.kind === 'rsa' ? RSA_ALGORITHM : publicKey.type;
  const value = sshString(publicKey.kind === 'ecdsa' ? ecdsaValue(raw, SSH_COORDINATE_BYTES[publicKey.curve]) : raw);
  return { algorithm, value };
}

/** A {@link PayloadSigner} with a key at hand or that of an agent, for commits and tags. */
export function sshSigner(key: SshPrivateKey | DataSigner, options: SignSshOptions = {}): PayloadSigner {
  return (payload) => signSsh(payload, key, options);
}

/**
 * The commit `body` signed, in a fresh buffer.
 * @throws {RangeError} where it has a signature, or no empty line after its headers
 */
export async function signCommit(body: Uint8Array, algorithm: HashAlgorithm, sign: PayloadSigner): Promise<Uint8Array> {
  return signCommitBody(body, algorithm, await sign(body));
}

/**
 * The tag `body` signed: the signature ends its message. In a fresh buffer.
 * @throws {RangeError} where it has a signature, or does not end with a line feed: git would not find the signature
 */
export async function signTag(body: Uint8Array, sign: PayloadSigner): Promise<Uint8Array> {
  if (splitSignedTag(body) !== undefined) throw new RangeError('Cannot sign tag: it has a signature');
  if (body.at(-1) !== LF) throw new RangeError('Cannot sign tag: its message does not end with a line feed');
  const signature = await sign(body);
  return concatBytes([body, typeof signature === 'string' ? encodeUtf8(signature) : signature]);
}

/**
 * Read a private key without a passphrase: OpenSSH's own format, or PKCS#8 in PEM.
 * @throws {GitError} ENCRYPTED_KEY, UNSUPPORTED
 * @throws {MalformedError} nothing of the key is quoted
 */
export async function readSshPrivateKey(
  text: string,
  options: { readonly subtle?: SubtleCrypto } = {},
): Promise<SshPrivateKey> {
  if (text.length > MAX_KEY_BYTES) throw new LimitError('private key bytes', text.length, MAX_KEY_BYTES);
  if (isSshPrivateKey(text)) return parseSshPrivateKey(text);
  const [, label = '', base64 = ''] =
    /^-----BEGIN ([A-Z0-9 ]+)-----\s([\s\S]*?)-----END \1-----\s*$/.exec(text.trimStart()) ?? [];
  if (label === 'ENCRYPTED PRIVATE KEY' || /^Proc-Type:.*ENCRYPTED/m.test(base64)) {
    throw new GitError('ENCRYPTED_KEY', 'Cannot read private key: it has a passphrase, which is not supported');
  }
  if (label !== 'PRIVATE KEY') {
    if (label === '') throw new MalformedError('private key', 0, 'there is no armor of a private key');
    throw new GitError('UNSUPPORTED', 'Cannot read private key: it is neither in OpenSSH format nor PKCS#8');
  }
  const der = decodeBase64(base64.replace(/\s+/g, ''));
  if (der === undefined) throw new MalformedError('private key', 0, 'it is not base64');
  return await importPkcs8(findSubtle(options.subtle), der);
}

/** PKCS#8 names its algorithm deep within: WebCrypto finds the one that fits. */
const PKCS8_ALGORITHMS: readonly (RsaHashedImportParams | EcKeyImportParams | Algorithm)[] = [
  { name: 'Ed25519' },
  { name: 'ECDSA', namedCurve: 'P-256' },
  { name: 'ECDSA', namedCurve: 'P-384' },
  { name: 'ECDSA', namedCurve: 'P-521' },
  { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-512' },
];

async function importPkcs8(subtle: SubtleCrypto, der: Uint8Array): Promise<SshPrivateKey> {
  for (const algorithm of PKCS8_ALGORITHMS) {
    let jsonWebKey: JsonWebKey;
    try {
      const imported = await subtle.importKey('pkcs8', plain(der), algorithm, true, ['sign']);
      jsonWebKey = await subtle.exportKey('jwk', imported);
    } catch {
      continue; // of another algorithm, or no key at all: both show when none fits
    }
    const fields: Record<string, string> = {};
    for (const [name, value] of Object.entries(jsonWebKey)) {
      if (typeof value === 'string' && name !== 'alg') fields[name] = value;
    }
    return new SshPrivateKey(publicKeyOf(fields), fields);
  }
  throw new MalformedError('private key', 0, 'it is no PKCS#8 key of Ed25519, ECDSA or RSA that can be read here');
}

function publicKeyOf(jsonWebKey: Readonly<Record<string, string>>): SshPublicKey {
  const field = (name: string): Uint8Array => fromBase64Url(jsonWebKey[name]);
  const parts = ((): Uint8Array[] => {
    if (jsonWebKey.kty === 'RSA') return [sshString('ssh-rsa'), sshMpint(field('e')), sshMpint(field('n'))];
    if (jsonWebKey.kty === 'OKP') return [sshString('ssh-ed25519'), sshString(field('x'))];
    const curve = `nistp${jsonWebKey.crv?.slice('P-'.length)}`;
    const point = concatBytes([Uint8Array.of(4), field('x'), field('y')]);
    return [sshString(`ecdsa-sha2-${curve}`), sshString(curve), sshString(point)];
  })();
  return parseSshPublicKey(concatBytes(parts));
}

function fromBase64Url(text = ''): Uint8Array {
  const base64 = text.replaceAll('-', '+').replaceAll('_', '/');
  return decodeBase64(base64.padEnd(Math.ceil(base64.length / 4) * 4, '=')) ?? new Uint8Array(0);
}

interface SigningParameters {
  readonly name: string;
  readonly hash?: string;
  readonly namedCurve?: string;
}

function parametersOf(key: SshPublicKey): SigningParameters {
  if (key.kind === 'ed25519' && key.application === undefined) return { name: 'Ed25519' };
  if (key.kind === 'ecdsa' && key.application === undefined) return { name: 'ECDSA', ...CURVES[key.curve] };
  if (key.kind === 'rsa') return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-512' };
  throw new GitError('UNSUPPORTED', `Cannot sign with a key of type ${key.type}: it is not supported`);
}

async function signRaw(subtle: SubtleCrypto, key: SshPrivateKey, data: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const { type } = key.publicKey;
  const parameters = { ...parametersOf(key.publicKey) };
  let imported: CryptoKey;
  try {
    imported = await subtle.importKey('jwk', key.toJsonWebKey(), parameters, false, ['sign']);
  } catch (error) {
    // Without a cause: what a runtime says of a key might quote it.
    if (!isNotSupported(error)) throw new MalformedError('private key', 0, 'it is not a key that can sign');
    if (type === 'ssh-ed25519') return await signEd25519(fromBase64Url(key.toJsonWebKey().d), data);
    throw new GitError('UNSUPPORTED', `Cannot sign with a key of type ${type}: this runtime lacks the algorithm`);
  }
  return new Uint8Array(await subtle.sign(parameters, imported, data));
}

function ecdsaValue(raw: Uint8Array, size: number): Uint8Array {
  return concatBytes([sshMpint(raw.subarray(0, size)), sshMpint(raw.subarray(size))]);
}
