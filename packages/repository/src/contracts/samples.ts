import {
  buildCommit,
  buildIdentity,
  buildTag,
  concatBytes,
  deflate,
  encodeUtf8,
  FileMode,
  type HashAlgorithm,
  hashObject,
  type Oid,
  oidToBytes,
  type RawObject,
  TreeBuilder,
} from '@git-kv/objects';
import { encodeEntryHeader, TypeCode, writePack } from '@git-kv/pack';

/** A blob of UTF-8 text. */
export function textBlob(text: string): RawObject {
  return { kind: 'blob', body: encodeUtf8(text) };
}

/** Bytes that do not compress and are the same on every run. */
export function noise(size: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(size);
  let state = seed;
  for (let at = 0; at < size; at++) {
    // xorshift32
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[at] = state;
  }
  return bytes;
}

/** An object of each kind, that link to each other. */
export function oneOfEach(algorithm: HashAlgorithm): readonly RawObject[] {
  const blob = textBlob('hello\n');
  const tree: RawObject = {
    kind: 'tree',
    body: new TreeBuilder(algorithm).set('greeting', FileMode.regular, oidOf(algorithm, blob)).build(),
  };
  const author = buildIdentity({ name: 'A U Thor', email: 'author@example.com', timestamp: 1_700_000_000 });
  const links = { treeOid: oidOf(algorithm, tree), parentOids: [], author, committer: author };
  const commit: RawObject = { kind: 'commit', body: buildCommit({ ...links, message: 'Say hello\n' }) };
  const target = { targetOid: oidOf(algorithm, commit), targetKind: 'commit' } as const;
  const tag: RawObject = { kind: 'tag', body: buildTag({ ...target, name: 'v1', tagger: author, message: 'One\n' }) };
  return [blob, tree, commit, tag];
}

/** The object id of `object`. */
export function oidOf(algorithm: HashAlgorithm, object: RawObject): Oid {
  return hashObject(algorithm, object.kind, object.body);
}

/** `oids` in order, each once. */
export function sortedOids(oids: Iterable<Oid>): Oid[] {
  return [...new Set(oids)].sort();
}

/** An oid that is no object's: all one digit. */
export function absentOid(algorithm: HashAlgorithm, digit = '1'): Oid {
  return digit.repeat(algorithm.hexLength);
}

/** A pack of whole objects. */
export async function packOf(algorithm: HashAlgorithm, objects: readonly RawObject[]): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of writePack({ algorithm, objects, objectCount: objects.length })) chunks.push(chunk);
  return concatBytes(chunks);
}

/** An object as a delta that appends `added` to `base`. */
export interface AppendDelta {
  readonly base: RawObject;
  readonly added: Uint8Array;
}

/** What the delta yields. */
export function resultOf({ base, added }: AppendDelta): RawObject {
  return { kind: base.kind, body: concatBytes([base.body, added]) };
}

/** A pack of whole objects, and of ref-deltas: thin where a base is not among the objects. */
export function deltaPackOf(
  algorithm: HashAlgorithm,
  objects: readonly RawObject[],
  deltas: readonly AppendDelta[],
): Uint8Array {
  const count = objects.length + deltas.length;
  const parts = [encodeUtf8('PACK'), Uint8Array.of(0, 0, 0, 2, 0, 0, count >> 8, count & 0xff)];
  for (const { kind, body } of objects) {
    parts.push(encodeEntryHeader(TypeCode[kind], body.length), deflate(body));
  }
  for (const delta of deltas) {
    const instructions = appendInstructions(delta);
    parts.push(encodeEntryHeader(TypeCode.refDelta, instructions.length));
    parts.push(oidToBytes(oidOf(algorithm, delta.base)), deflate(instructions));
  }
  return sealed(algorithm, concatBytes(parts));
}

/** `body` with its digest behind it, as a pack ends. */
export function sealed(algorithm: HashAlgorithm, body: Uint8Array): Uint8Array {
  return concatBytes([body, algorithm.digest(body)]);
}

/** Copy all of the base (at most 65535 bytes), insert what is added (at most 127 bytes). */
function appendInstructions({ base, added }: AppendDelta): Uint8Array {
  const size = base.body.length;
  const copy = Uint8Array.of(0b1011_0000, size & 0xff, size >> 8);
  return concatBytes([sizeBytes(size), sizeBytes(size + added.length), copy, Uint8Array.of(added.length), added]);
}

function sizeBytes(size: number): Uint8Array {
  const bytes: number[] = [];
  for (; size > 127; size >>= 7) bytes.push((size & 127) | 128);
  return Uint8Array.from([...bytes, size]);
}

/** `bytes` as a stream of pieces. */
export async function* inPieces(bytes: Uint8Array, pieceBytes = 4096): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

/** A stream that breaks after its first half. */
export async function* breakingHalfWay(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes.subarray(0, bytes.length >> 1);
  throw new Error('the stream broke');
}
