import {
  checkSignedCommit,
  checkSignedTag,
  findHeader,
  type HashAlgorithm,
  isSshSignature,
  MalformedError,
  type Oid,
  parseHeaderBlock,
  parseIdentity,
  type SignedObject,
  type SignedObjectFinding,
  type SignedObjectProblem,
  splitSignedCommit,
  splitSignedTag,
} from '@git-kv/objects';
import type { ObjectReader, ReadOptions } from '../object-store.js';
import { readBody } from '../read-object.js';
import { assertTimestamp, type SignatureVerdict, type VerifySshOptions, verifySsh } from './verify.js';

/** What a signed object is judged by. */
export interface VerifyObjectOptions extends Omit<VerifySshOptions, 'namespace' | 'armor'>, ReadOptions {
  /**
   * Whether to refuse an object that says more than its signature guards, or can be read in two ways: a second signature, a
   * header or text that no signature guards. git calls such objects good. True where it is not given.
   */
  readonly isStrict?: boolean;
  /** Problems that a strict judge lets pass. */
  readonly tolerate?: readonly SignedObjectProblem[];
}

/**
 * Judge the SSH signature of a commit, over the bytes that are stored. Without a `timestamp` the key has to have been valid at
 * the committer's date, as git has it: whoever holds a key chooses that date.
 * @throws {NotFoundError} OBJECT_NOT_FOUND
 * @throws {GitError} OBJECT_KIND_MISMATCH
 */
export async function verifyCommit(
  reader: ObjectReader,
  oid: Oid,
  options: VerifyObjectOptions,
): Promise<SignatureVerdict> {
  const body = await readBody(reader, oid, 'commit', options);
  return await verifyCommitBody(body, reader.algorithm, options);
}

/** The same of a commit's bytes. */
export async function verifyCommitBody(
  body: Uint8Array,
  algorithm: HashAlgorithm,
  options: VerifyObjectOptions,
): Promise<SignatureVerdict> {
  return await verifyBody('committer', options, () => ({
    signed: splitSignedCommit(body, algorithm),
    findings: checkSignedCommit(body, algorithm),
  }));
}

/** Judge the SSH signature of a tag, as {@link verifyCommit} does that of a commit. */
export async function verifyTag(
  reader: ObjectReader,
  oid: Oid,
  options: VerifyObjectOptions,
): Promise<SignatureVerdict> {
  return await verifyTagBody(await readBody(reader, oid, 'tag', options), options);
}

/** The same of a tag's bytes. */
export async function verifyTagBody(body: Uint8Array, options: VerifyObjectOptions): Promise<SignatureVerdict> {
  return await verifyBody('tagger', options, () => ({ signed: splitSignedTag(body), findings: checkSignedTag(body) }));
}

async function verifyBody(
  role: 'committer' | 'tagger',
  options: VerifyObjectOptions,
  split: () => { signed: SignedObject | undefined; findings: readonly SignedObjectFinding[] },
): Promise<SignatureVerdict> {
  const { isStrict = true, tolerate = [] } = options;
  assertTimestamp(options.timestamp);
  let parts: ReturnType<typeof split>;
  try {
    parts = split();
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    return { status: 'malformed', reason: error.message };
  }
  const { signed } = parts;
  if (signed === undefined) return { status: 'unsigned', reason: 'there is no signature' };
  if (!isSshSignature(signed.signature)) {
    return { status: 'unsupported', reason: 'the signature is not of SSH' };
  }
  const findings = isStrict ? parts.findings.filter(({ problem }) => !tolerate.includes(problem)) : [];
  if (findings.length > 0) {
    const problems = [...new Set(findings.map(({ problem }) => problem))];
    return { status: 'ambiguous', reason: problems.join(', '), findings };
  }
  const timestamp = options.timestamp ?? dateOf(signed.payload, role);
  return await verifySsh(signed.payload, signed.signature, {
    ...options,
    ...(timestamp !== undefined && { timestamp }),
    namespace: 'git',
    // Which armor a strict judge lets pass, the findings have told.
    armor: isStrict && tolerate.length === 0 ? 'exact' : 'any',
  });
}

/** When the object says it was made; `undefined`, which stands for now, where it does not say. */
function dateOf(payload: Uint8Array, role: string): number | undefined {
  const header = findHeader(parseHeaderBlock(payload, 'signed object'), role);
  return (header && parseIdentity(header.value).timestamp) || undefined;
}
