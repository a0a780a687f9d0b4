import { concatBytes } from '../bytes/bytes.js';
import { decodeUtf8 } from '../bytes/text.js';
import { GitError, MalformedError } from '../error.js';
import { parseSshPublicKey, type SshPublicKey } from './public-key.js';
import type { SshSignature } from './sshsig.js';
import { SshReader, sshString, sshUint32 } from './wire.js';

// What is said to an ssh-agent and back: a length, a number for what it is, and its fields.
// See draft-ietf-sshm-ssh-agent, section 3.

const FORMAT = 'ssh-agent answer';
const REQUEST_IDENTITIES = 11;
const IDENTITIES_ANSWER = 12;
const SIGN_REQUEST = 13;
const SIGN_RESPONSE = 14;
const FAILURE = 5;
/** Asks for `rsa-sha2-512` of a key of RSA, in place of SHA-1. */
const RSA_SHA2_512 = 4;

/** A key that an agent holds. */
export interface SshIdentity {
  readonly key: SshPublicKey;
  readonly comment: string;
}

/** The request for the keys that an agent holds, with its length. */
export function encodeIdentitiesRequest(): Uint8Array {
  return sshString(Uint8Array.of(REQUEST_IDENTITIES));
}

/** The request to sign `data`, with its length. */
export function encodeSignRequest(key: SshPublicKey, data: Uint8Array): Uint8Array {
  const flags = key.kind === 'rsa' ? RSA_SHA2_512 : 0;
  const type = Uint8Array.of(SIGN_REQUEST);
  return sshString(concatBytes([type, sshString(key.blob), sshString(data), sshUint32(flags)]));
}

/**
 * The keys in an agent's answer, less its length. A key that cannot be read is left out: it is of no use here.
 * @throws {MalformedError}
 * @throws {GitError} ACCESS_DENIED where the agent refuses
 */
export function parseIdentities(answer: Uint8Array): SshIdentity[] {
  const reader = openAnswer(answer, IDENTITIES_ANSWER);
  const count = reader.uint32('key count');
  const identities: SshIdentity[] = [];
  for (let index = 0; index < count; index++) {
    const blob = reader.string('key');
    const comment = decodeUtf8(reader.string('comment'));
    try {
      identities.push({ key: parseSshPublicKey(blob), comment });
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
    }
  }
  reader.end();
  return identities;
}

/** The signature in an agent's answer, less its length. @throws {MalformedError} @throws {GitError} ACCESS_DENIED */
export function parseSignResponse(answer: Uint8Array): Pick<SshSignature, 'algorithm' | 'value'> {
  const reader = openAnswer(answer, SIGN_RESPONSE);
  const signature = new SshReader(reader.string('signature'), FORMAT);
  reader.end();
  return { algorithm: signature.name('signature algorithm'), value: signature.rest() };
}

function openAnswer(answer: Uint8Array, expected: number): SshReader {
  const reader: SshReader = new SshReader(answer, FORMAT);
  const type = reader.byte('type');
  if (type === FAILURE) throw new GitError('ACCESS_DENIED', 'Cannot ask ssh-agent: it refuses');
  if (type !== expected) reader.fail(`it has type ${type}, not ${expected}`, 0);
  return reader;
}
