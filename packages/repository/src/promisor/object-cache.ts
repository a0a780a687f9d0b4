import { type HashAlgorithm, LimitError, type ObjectKind, type Oid, type RawObject } from '@git-kv/objects';
import { indexPack, memoryPackStorage, memorySource, PackReader, parsePackIndex } from '@git-kv/pack';
import type { ObjectReader, ReadOptions } from '../object-store.js';
import { receiveLimits } from '../receive-limits.js';
import type { BackFillOptions, PackIntake } from './back-fill.js';

/** What an object costs beside its body. */
const ENTRY_BYTES = 200;

/** Bytes that the objects of one answer may come to, those rebuilt from deltas included. */
const MAX_ANSWER_BYTES = 1 << 30;

/** Objects in memory, up to a number of bytes: those that were not used for longest go. */
export class ObjectCache implements ObjectReader, PackIntake {
  readonly algorithm: HashAlgorithm;
  readonly #maxBytes: number;
  readonly #limits: Pick<BackFillOptions, 'maxPackBytes' | 'freeInflatedBytes'>;
  readonly #maxAnswerBytes: number;
  /** The longest unused first. */
  readonly #objects = new Map<Oid, RawObject>();
  #bytes = 0;

  constructor(
    algorithm: HashAlgorithm,
    maxBytes: number,
    { maxPackBytes, freeInflatedBytes }: Pick<BackFillOptions, 'maxPackBytes' | 'freeInflatedBytes'>,
    maxAnswerBytes: number = MAX_ANSWER_BYTES,
  ) {
    this.algorithm = algorithm;
    this.#maxBytes = maxBytes;
    this.#limits = {
      ...(maxPackBytes !== undefined && { maxPackBytes }),
      ...(freeInflatedBytes !== undefined && { freeInflatedBytes }),
    };
    this.#maxAnswerBytes = maxAnswerBytes;
  }

  /** Bytes held. */
  get bytes(): number {
    return this.#bytes;
  }

  readSync(oid: Oid): RawObject | undefined {
    const object = this.#objects.get(oid);
    if (object === undefined) return undefined;
    this.#objects.delete(oid);
    this.#objects.set(oid, object);
    return object;
  }

  async read(oid: Oid, options?: ReadOptions): Promise<RawObject | undefined> {
    options?.signal?.throwIfAborted();
    return this.readSync(oid);
  }

  async *readMany(
    oids: Iterable<Oid>,
    options?: ReadOptions,
  ): AsyncGenerator<readonly [Oid, RawObject | undefined], void, undefined> {
    options?.signal?.throwIfAborted();
    for (const oid of new Set(oids)) yield [oid, this.readSync(oid)];
  }

  async stat(oid: Oid): Promise<{ readonly kind: ObjectKind; readonly size: number } | undefined> {
    const object = this.readSync(oid);
    return object && { kind: object.kind, size: object.body.length };
  }

  /**
   * Take in a pack. What was asked for is handed out even where there is no room for all of it; what came along is kept as far as there is.
   * @throws {LimitError} answerBytes, or a limit of the pack's
   */
  async take(
    pack: AsyncIterable<Uint8Array>,
    wants: readonly Oid[],
    options: ReadOptions,
  ): Promise<ReadonlyMap<Oid, RawObject | undefined>> {
    const { algorithm } = this;
    const maxBytes = this.#maxAnswerBytes;
    const storage = memoryPackStorage();
    const limits = {
      ...receiveLimits({
        maxInflatedBytes: maxBytes,
        ...this.#limits,
      }),
      // What deltas make of a few bytes ends in memory, too.
      resolvedFreeBytes: maxBytes,
      resolvedRatio: 1,
    };
    const indexed = await indexPack(pack, { algorithm, storage, limits, ...options });
    const index = parsePackIndex(indexed.index, algorithm);
    const reader = new PackReader({ source: memorySource(storage.bytes()), index });
    const asked = new Set(wants);
    const arrived = new Map<Oid, RawObject>();
    let bytes = 0;
    const oids = new Set(Array.from({ length: index.objectCount }, (_, position) => index.oidAt(position)));
    for await (const [oid, object] of reader.readMany(oids, options)) {
      if (!object) continue;
      bytes += object.body.length;
      if (bytes > maxBytes) throw new LimitError('answerBytes', bytes, maxBytes);
      // A view would keep all of the pack's bytes alive.
      const own = { kind: object.kind, body: new Uint8Array(object.body) };
      if (asked.has(oid)) arrived.set(oid, own);
      else this.put(oid, own);
    }
    // What was asked for last, so that nothing that came along drives it out.
    for (const oid of asked) {
      const object = arrived.get(oid);
      if (object) this.put(oid, object);
    }
    return arrived;
  }

  /** Keep an object as long as there is room. The body is not copied. */
  put(oid: Oid, object: RawObject): void {
    const size = object.body.length + ENTRY_BYTES;
    if (this.#objects.has(oid) || size > this.#maxBytes) return;
    this.#objects.set(oid, object);
    this.#bytes += size;
    for (const [oldest, { body }] of this.#objects) {
      if (this.#bytes <= this.#maxBytes) return;
      this.#objects.delete(oldest);
      this.#bytes -= body.length + ENTRY_BYTES;
    }
  }
}
