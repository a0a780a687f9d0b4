import type { Oid } from '@git-kv/objects';
import { deflateLoose, type LooseFile } from '../engines/file/loose-objects.js';
import type { FileRepository } from '../engines/file/repository.js';
import type { OidSet } from '../walk/oid-set.js';
import { Turns } from '../walk/turns.js';
import type { LocalPack } from './local-packs.js';
import { isYoung } from './options.js';

/** Objects of some packs that nothing leads to. */
export class UnreachableObjects {
  static readonly none: UnreachableObjects = new UnreachableObjects(new Map());
  /** Of each oid when it was last written, as far as packs tell: the youngest counts. */
  readonly #times: ReadonlyMap<Oid, number>;
  readonly #packs: ReadonlySet<LocalPack>;

  private constructor(times: ReadonlyMap<Oid, number>, packs: ReadonlySet<LocalPack> = new Set()) {
    this.#times = times;
    this.#packs = packs;
  }

  /** What is in `packs`, not in `kept` and not in `reachable`. */
  static async find(
    packs: readonly LocalPack[],
    kept: readonly LocalPack[],
    reachable: OidSet,
    signal: AbortSignal | undefined,
  ): Promise<UnreachableObjects> {
    const turns = new Turns(signal, 65536);
    const times = new Map<Oid, number>();
    const from = new Set<LocalPack>();
    for (const pack of packs) {
      const { index } = pack;
      const oid = new Uint8Array(index.algorithm.oidLength);
      for (let position = 0; position < index.objectCount; position++) {
        const turn = turns.step();
        if (turn) await turn;
        index.writeOidAt(position, oid, 0);
        if (reachable.hasBytes(oid, 0) || kept.some((one) => one.index.findBytes(oid) !== undefined)) continue;
        const hex = index.oidAt(position);
        times.set(hex, Math.max(pack.mtimeMsAt(position), times.get(hex) ?? 0));
        from.add(pack);
      }
    }
    return new UnreachableObjects(times, from);
  }

  get count(): number {
    return this.#times.size;
  }

  oids(): Iterable<Oid> {
    return this.#times.keys();
  }

  *oidsYoungerThan(expireBeforeMs: number): Generator<Oid> {
    for (const [oid, mtimeMs] of this.#times) if (isYoung(mtimeMs, expireBeforeMs)) yield oid;
  }

  has(oid: Oid): boolean {
    return this.#times.has(oid);
  }

  /** When it was last written, in milliseconds since 1970. */
  mtimeMs(oid: Oid): number | undefined {
    return this.#times.get(oid);
  }

  /** Whether the pack holds some of them. */
  isFrom(pack: LocalPack): boolean {
    return this.#packs.has(pack);
  }
}

/** A loose object of the repository's own. */
export interface LooseObject {
  readonly oid: Oid;
  readonly mtimeMs: number;
}

/** All of them, by oid. */
export async function listLoose(repository: FileRepository, signal: AbortSignal | undefined): Promise<LooseObject[]> {
  const { loose } = repository.objects.own;
  const found: LooseObject[] = [];
  for (const firstByte of [...(await loose.firstBytes())].sort()) {
    signal?.throwIfAborted();
    for (const oid of await loose.list(firstByte)) {
      const mtimeMs = await loose.age(oid);
      if (mtimeMs !== undefined) found.push({ oid, mtimeMs });
    }
  }
  return found;
}

/** Write packed objects as loose ones, durably; one that is loose already becomes as young as a new one. */
export async function loosenObjects(repository: FileRepository, oids: Iterable<Oid>): Promise<void> {
  const { own } = repository.objects;
  const files = async function* (): AsyncGenerator<LooseFile> {
    for (const oid of oids) {
      if (await own.loose.touch(oid)) continue;
      const object = await repository.objects.read(oid);
      if (object === undefined) throw new Error(`BUG: object ${oid} vanished before its pack was deleted`);
      yield { oid, bytes: deflateLoose(object) };
    }
  };
  await own.loose.write(files());
}
