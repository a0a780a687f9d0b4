import {
  applyDelta,
  DeltaStatus,
  digestDetecting,
  digestInto,
  type InflateResult,
  InflateStatus,
  inflate,
  readDeltaSizes,
} from '@git-kv/kernels';
import { equalBytes, type HashAlgorithm, type Oid, oidFromBytes, type RawObject } from '@git-kv/objects';
import { FRAME_ROOM, writeFrameBefore } from './frame.js';
import { PACK_HEADER_SIZE, PACK_SIGNATURE } from './pack-header.js';
import { kindOfTypeCode, LEAST_DELTA_SIZE, TypeCode, typeCodeOfKind } from './type-code.js';
import { readUint32 } from './uint32.js';

/** How a pack is taken apart. */
export interface UnpackOptions {
  readonly algorithm: HashAlgorithm;
  /** Objects a thin pack may build upon. */
  readonly readBase: (oid: Oid) => Promise<RawObject | undefined>;
  /** Objects in the pack at most. */
  readonly maxObjects: number;
  /** Bytes of all objects and deltas, inflated, at most. */
  readonly maxBytes: number;
}

/** Objects smaller than this share buffers of so many bytes: one for each would cost more than what is in it. */
const SMALL_BYTES = 1024;
const SHARED_BYTES = 16 * 1024;

const result: InflateResult = { consumed: 0, produced: 0 };

/**
 * The objects of a small pack, by their ids: as `git unpack-objects`, for those who need no idx.
 *
 * It knows the packs that git writes and nothing else. What is damaged, over a cap, made by a collision attack, or a delta whose
 * base is missing or comes after it, has no result: {@link indexPack} can do without order, or tells what is wrong.
 */
export async function unpackObjects(
  pack: Uint8Array,
  options: UnpackOptions,
): Promise<Map<Oid, RawObject> | undefined> {
  const { algorithm, readBase } = options;
  const { oidLength } = algorithm;
  const end = pack.length - oidLength;
  if (end < PACK_HEADER_SIZE || readUint32(pack, 0) !== PACK_SIGNATURE || readUint32(pack, 4) !== 2) return undefined;
  const count = readUint32(pack, 8);
  if (count > options.maxObjects) return undefined;
  const entries = pack.subarray(0, end);
  if (!equalBytes(algorithm.digest(entries), pack.subarray(end))) return undefined;

  const objects = new Map<Oid, RawObject>();
  const byOffset = new Map<number, RawObject>();
  const digest = new Uint8Array(oidLength);
  let shared = new Uint8Array(0);
  let used = 0;
  let roomLeft = options.maxBytes;
  let at = PACK_HEADER_SIZE;
  /** Inflate the entry's next `size` bytes. @returns whether that is all of it */
  const inflateTo = (output: Uint8Array, start: number, size: number): boolean => {
    const status = inflate(entries, at, output, start, size, result);
    at += result.consumed;
    return status === InflateStatus.done && result.produced === size;
  };
  for (let rest = count; rest > 0; rest--) {
    const packOffset = at;
    let byte = entries[at++] as number;
    const typeCode = (byte >> 4) & 7;
    let size = byte & 15;
    for (let unit = 16; byte & 0x80; unit *= 128) {
      byte = entries[at++] as number;
      size += (byte & 0x7f) * unit;
    }
    let base: RawObject | undefined;
    if (typeCode === TypeCode.ofsDelta) {
      byte = entries[at++] as number;
      let distance = byte & 0x7f;
      while (byte & 0x80) {
        byte = entries[at++] as number;
        distance = (distance + 1) * 128 + (byte & 0x7f);
      }
      base = byOffset.get(packOffset - distance);
    } else if (typeCode === TypeCode.refDelta && at + oidLength <= end) {
      const oid = oidFromBytes(entries, at, oidLength);
      at += oidLength;
      base = objects.get(oid) ?? (await readBase(oid));
    }
    const kind = base?.kind ?? kindOfTypeCode(typeCode);
    // A size that is no number is over every cap.
    if (kind === undefined || at > end || !(size <= roomLeft)) return undefined;

    let delta: Uint8Array | undefined;
    if (base !== undefined) {
      delta = new Uint8Array(size);
      roomLeft -= size;
      if (size < LEAST_DELTA_SIZE || !inflateTo(delta, 0, size)) return undefined;
      size = readDeltaSizes(delta, 0, size)?.resultSize ?? Infinity;
    }
    if (!(size <= roomLeft)) return undefined;
    roomLeft -= size;
    let bytes = shared;
    let start = used + FRAME_ROOM;
    if (size >= SMALL_BYTES) {
      bytes = new Uint8Array((start = FRAME_ROOM) + size);
    } else {
      if (start + size > shared.length) {
        bytes = shared = new Uint8Array(SHARED_BYTES);
        start = FRAME_ROOM;
      }
      used = start + size;
    }
    if (base === undefined || delta === undefined) {
      if (!inflateTo(bytes, start, size)) return undefined;
    } else {
      const { body } = base;
      const status = applyDelta(body, 0, body.length, delta, 0, delta.length, bytes, start, size);
      if (status !== DeltaStatus.done) return undefined;
    }
    const frameStart = writeFrameBefore(bytes, start, typeCodeOfKind(kind), size);
    if (algorithm.name !== 'sha1') digestInto(algorithm.name, bytes, frameStart, start + size, digest, 0);
    else if (digestDetecting(bytes, frameStart, start + size, digest, 0)) return undefined;
    const object = { kind, body: bytes.subarray(start, start + size) };
    objects.set(oidFromBytes(digest), object);
    byOffset.set(packOffset, object);
  }
  return at === end ? objects : undefined;
}
