import { type ObjectChecker, type ObjectKind, type Oid, parseTag } from '@git-kv/objects';
import type { AuditVisitor, StoreDamage } from '../../audit.js';
import { isDamage } from '../../is-damage.js';
import type { ObjectReader } from '../../object-store.js';
import type { FindingChannel, FsckArea, FsckFinding } from './finding.js';
import { LinkReader } from './links.js';
import { Mark, type ObjectTable } from './object-table.js';
import type { PromisedObjects } from './promised-objects.js';

/** What an audit of objects is made with. */
export interface ObjectAuditParts {
  readonly table: ObjectTable;
  readonly checker: ObjectChecker;
  readonly channel: FindingChannel;
  readonly shallow: ReadonlySet<Oid>;
  /** Tell of commits without parents. */
  readonly roots: boolean;
  /** Tell of tags. */
  readonly tags: boolean;
}

const COMMIT = 0;

/** Checks the content of every object that a store has, and notes in the table what is here and what is named. */
export class ObjectAudit implements AuditVisitor {
  /** Whether every copy of every object was whole. */
  isSound = true;
  readonly #parts: ObjectAuditParts;
  readonly #links: LinkReader;
  readonly #unparsed = new Set<Oid>();
  #parentCount = 0;

  constructor(parts: ObjectAuditParts) {
    this.#parts = parts;
    this.#links = new LinkReader(parts.table.algorithm);
  }

  present(oidBytes: Uint8Array, offset: number, kind: ObjectKind | undefined, isPacked: boolean): void {
    const { table } = this.#parts;
    const row = table.row(oidBytes, offset);
    if (isPacked) table.mark(row, Mark.packed);
    if (this.#unparsed.size === 0 || !this.#unparsed.has(table.oidAt(row))) table.setPresent(row, kind);
  }

  packed(oidBytes: Uint8Array, offset: number): void {
    const { table } = this.#parts;
    table.mark(table.row(oidBytes, offset), Mark.packed);
  }

  content(kind: ObjectKind, body: Uint8Array, isPacked: boolean, oid: () => Oid): void {
    // What a blob is for, only trees tell: those that matter are looked at in the end.
    if (kind === 'blob') return;
    const { channel, checker, shallow, roots, tags } = this.#parts;
    channel.assertRead();
    this.#parentCount = 0;
    const isShallow = kind === 'commit' && shallow.size > 0 && shallow.has(oid());
    const outcome = this.#links.read(kind, body, this.#link, isShallow);
    if (outcome === 'unparsed') {
      this.isSound = false;
      this.#unparsed.add(oid());
      // As with git, whose exit code then has the bits of both.
      const areas: readonly FsckArea[] = isPacked ? ['objects', 'packs'] : ['objects'];
      const message = 'object could not be parsed';
      channel.push({ type: 'unparsed', severity: 'error', areas, oid: oid(), kind, message });
      return;
    }
    if (outcome === 'broken') {
      this.isSound = false;
      channel.push({
        type: 'brokenLinks',
        severity: 'error',
        areas: ['objects'],
        oid: oid(),
        kind,
        message: 'broken links',
      });
    }
    let isWrong = false;
    for (const { id, severity, message } of checker.check({ oid: oid(), kind, body })) {
      isWrong ||= severity === 'error';
      channel.push({ type: 'check', severity, areas: areaOf(isPacked), id, oid: oid(), kind, message });
    }
    if (isWrong) return;
    if (kind === 'commit' && roots && this.#parentCount === 0) {
      channel.push({ type: 'root', severity: 'info', areas: ['objects'], oid: oid(), kind, message: 'root' });
    }
    if (kind === 'tag' && tags) this.#tellTag(body, oid());
  }

  damage(damage: StoreDamage): void {
    const { area, oid, isPacked = false, actualOid, path, message } = damage;
    if (area === 'object' || area === 'pack') this.isSound = false;
    const { channel } = this.#parts;
    if (area === 'object') {
      const type = actualOid === undefined ? 'corrupt' : 'misplaced';
      const oids = { ...(oid && { oid }), ...(actualOid && { actualOid }) };
      channel.push({ type, severity: 'error', areas: areaOf(isPacked), ...oids, path, message });
    } else {
      channel.push({ ...DAMAGE[area], path, message });
    }
  }

  /** Check the blobs that trees have named as files git reads. */
  async finish(reader: ObjectReader, promised: PromisedObjects, signal: AbortSignal | undefined): Promise<void> {
    const { checker, channel, table } = this.#parts;
    for (const oid of checker.pendingOids()) {
      signal?.throwIfAborted();
      const object = await readWhole(reader, oid);
      const row = table.find(oid);
      if (object === undefined && (row === undefined || !table.has(row, Mark.present)) && (await promised.has(oid)))
        continue;
      // git meets a packed blob after the tree that names it, while it goes through the pack.
      const isPacked = object?.kind === 'blob' && row !== undefined && table.has(row, Mark.packed);
      for (const { id, severity, message } of checker.checkPending(oid, object)) {
        const kind = object?.kind ?? 'blob';
        channel.push({ type: 'check', severity, areas: areaOf(isPacked), id, oid, kind, message });
      }
    }
  }

  readonly #link = (bytes: Uint8Array, offset: number, kindIndex: number): void => {
    if (kindIndex === COMMIT) this.#parentCount++;
    const { table } = this.#parts;
    table.setLinked(table.row(bytes, offset), kindIndex);
  };

  #tellTag(body: Uint8Array, tagOid: Oid): void {
    const { targetOid, targetKind, name } = parseTag(body);
    const from = { oid: tagOid, kind: 'tag' } as const;
    const message = `tagged as ${name}`;
    this.#parts.channel.push({
      type: 'tagged',
      severity: 'info',
      areas: ['objects'],
      oid: targetOid,
      kind: targetKind,
      name,
      from,
      message,
    });
  }
}

const DAMAGE: Readonly<
  Record<Exclude<StoreDamage['area'], 'object'>, Pick<FsckFinding, 'type' | 'severity' | 'areas'>>
> = {
  pack: { type: 'pack', severity: 'error', areas: ['packs'] },
  stray: { type: 'stray', severity: 'warn', areas: ['objects'] },
  commitGraph: { type: 'commitGraph', severity: 'error', areas: ['commitGraph'] },
  multiPackIndex: { type: 'multiPackIndex', severity: 'error', areas: ['multiPackIndex'] },
  // git 2.39 does not look at it.
  reverseIndex: { type: 'reverseIndex', severity: 'warn', areas: ['packs'] },
};

function areaOf(isPacked: boolean): readonly FsckArea[] {
  return isPacked ? ['packs'] : ['objects'];
}

/** The object, or `undefined` where it is not here or damaged, which has been told. */
export async function readWhole(
  reader: ObjectReader,
  oid: Oid,
): Promise<{ kind: ObjectKind; body: Uint8Array } | undefined> {
  try {
    return await reader.read(oid);
  } catch (error) {
    if (!isDamage(error)) throw error;
    return undefined;
  }
}
