import type { Oid } from '@git-kv/objects';
import { isDamage } from '../../is-damage.js';
import { peelTag, resolveRef } from '../../ref-resolve.js';
import type { AuditedPointer, RefStore } from '../../ref-store.js';
import type { Repository } from '../../repository.js';
import type { FindingChannel, FsckArea, FsckFindingType } from './finding.js';
import { Mark, type ObjectTable } from './object-table.js';
import type { PromisedObjects } from './promised-objects.js';

/** Where a walk begins, and whether there was a ref at all. */
export interface Roots {
  /** Rows of the table, in order. */
  readonly rows: readonly number[];
  readonly hasRefs: boolean;
}

/** Find what refs, HEADs, logs and indexes point to, and tell of those that point to nothing. */
export async function findRoots(
  repository: Repository,
  table: ObjectTable,
  channel: FindingChannel,
  options: { readonly logs: boolean; readonly promised: PromisedObjects },
): Promise<Roots> {
  const finder = new RootFinder(repository, table, channel, options.promised);
  const pointers = repository.refs.audit?.({ logs: options.logs }) ?? listPointers(repository.refs);
  for await (const pointer of pointers) await finder.add(pointer);
  return finder;
}

/** Take the objects that were asked about for the only roots. */
export async function requestedRoots(
  oids: readonly Oid[],
  table: ObjectTable,
  channel: FindingChannel,
  promised: PromisedObjects,
): Promise<Roots> {
  const rows: number[] = [];
  for (const oid of oids) {
    const row = table.find(oid);
    if (row !== undefined && table.has(row, Mark.present)) {
      table.mark(row, Mark.used);
      rows.push(row);
    } else if (!(await promised.has(oid))) {
      channel.push({ type: 'argument', severity: 'error', areas: ['objects'], oid, message: 'object missing' });
    }
  }
  return { rows, hasRefs: true };
}

class RootFinder implements Roots {
  readonly rows: number[] = [];
  hasRefs = false;
  readonly #repository: Repository;
  readonly #table: ObjectTable;
  readonly #channel: FindingChannel;
  readonly #promised: PromisedObjects;

  constructor(repository: Repository, table: ObjectTable, channel: FindingChannel, promised: PromisedObjects) {
    this.#promised = promised;
    this.#repository = repository;
    this.#table = table;
    this.#channel = channel;
  }

  async add(pointer: AuditedPointer): Promise<void> {
    switch (pointer.type) {
      case 'ref':
        await this.#addRef(pointer.name, pointer.oid, pointer.problem);
        return this.#checkPeeled(pointer);
      case 'head':
        return this.#addHead(pointer);
      case 'log':
        for (const oid of pointer.oids) await this.#addLogged(pointer.name, oid);
        return;
      case 'index':
        return this.#addIndexed(pointer);
      case 'brokenJournal':
        return this.#tell('journal', 'refs', { name: pointer.name, path: pointer.name, message: pointer.problem });
      default:
        this.#tell('index', 'refs', { name: pointer.name, message: pointer.problem });
    }
  }

  async #addRef(name: string, oid: Oid | undefined, problem: string | undefined): Promise<void> {
    const row = oid === undefined ? undefined : await this.#readableRow(oid);
    if (oid !== undefined && row === undefined && (await this.#promised.has(oid))) {
      this.hasRefs = true;
      return;
    }
    if (oid === undefined || row === undefined) {
      const message = problem ?? 'it points to no object';
      return this.#tell('ref', 'reachable', { name, oid: oid ?? this.#table.algorithm.zeroOid, message });
    }
    if (name.startsWith('refs/heads/') && (await this.#kindOf(row, oid)) !== 'commit') {
      this.#tell('notCommit', 'refs', { name, oid, message: 'a branch that points to no commit' });
    }
    this.hasRefs = true;
    this.#addRow(row);
  }

  /** What a tag comes to is asked of the store by whoever serves it, without a look at the tag. */
  async #checkPeeled({ name, oid, peeledOid }: AuditedPointer & { readonly type: 'ref' }): Promise<void> {
    if (oid === undefined || peeledOid === undefined || this.#table.find(oid) === undefined) return;
    let actual: Oid | undefined;
    try {
      actual = await peelTag(this.#repository.objects, oid);
    } catch (error) {
      // That has been told of the tag.
      if (!isDamage(error)) throw error;
      return;
    }
    if (actual === peeledOid) return;
    const message = `${name} is said to peel to ${peeledOid}, and ${actual === undefined ? 'is no tag' : `comes to ${actual}`}`;
    this.#channel.push({ type: 'peeled', severity: 'warn', areas: ['refs'], name, oid, message });
  }

  async #addHead(head: AuditedPointer & { readonly type: 'head' }): Promise<void> {
    const { name, value, oid, problem } = head;
    if (value === undefined) return this.#tell('head', 'refs', { name, message: `invalid ${name}: ${problem ?? ''}` });
    const target = 'target' in value ? value.target : undefined;
    if (target !== undefined && !target.startsWith('refs/heads/')) {
      this.#tell('head', 'refs', { name, message: `${name} points to something strange (${target})` });
    } else if (oid === undefined && target === undefined) {
      this.#tell('head', 'refs', { name, message: `${name}: detached HEAD points at nothing` });
    } else if (oid === undefined) {
      const message = `${name} points to an unborn branch (${target?.slice('refs/heads/'.length)})`;
      this.#channel.push({ type: 'unbornHead', severity: 'info', areas: ['refs'], name, message });
    }
    if (oid !== undefined) await this.#addRef(name, oid, undefined);
  }

  async #addLogged(name: string, oid: Oid): Promise<void> {
    const row = this.#table.find(oid);
    if (row !== undefined && this.#table.has(row, Mark.present)) this.#addRow(row);
    else if (!(await this.#promised.has(oid)))
      this.#tell('log', 'reachable', { name, oid, message: 'an entry of its log points to no object' });
  }

  async #addIndexed({ name, oid, kind }: AuditedPointer & { readonly type: 'index' }): Promise<void> {
    if (kind === 'tree' && (await this.#readableRow(oid)) === undefined) {
      return this.#tell('index', 'refs', { name, oid, message: 'a cached tree that is not here' });
    }
    const row = this.#table.rowOf(oid);
    this.#table.setLinked(row, kind === 'tree' ? 1 : 2);
    this.#addRow(row);
  }

  /** The row of an object that can be read. */
  async #readableRow(oid: Oid): Promise<number | undefined> {
    const row = this.#table.find(oid);
    if (row === undefined) return undefined;
    if (this.#table.has(row, Mark.present)) return row;
    // One that is only known to be in a pack may still be whole.
    if (!this.#table.has(row, Mark.packed)) return undefined;
    return (await this.#stat(oid)) === undefined ? undefined : row;
  }

  async #kindOf(row: number, oid: Oid): Promise<string | undefined> {
    return this.#table.kindAt(row) ?? (await this.#stat(oid))?.kind;
  }

  async #stat(oid: Oid): Promise<{ readonly kind: string } | undefined> {
    try {
      return await this.#repository.objects.read(oid);
    } catch (error) {
      if (!isDamage(error)) throw error;
      return undefined;
    }
  }

  #addRow(row: number): void {
    this.#table.mark(row, Mark.used);
    this.rows.push(row);
  }

  #tell(
    type: FsckFindingType,
    area: FsckArea,
    details: { readonly name: string; readonly path?: string; readonly oid?: Oid; readonly message: string },
  ): void {
    this.#channel.push({ type, severity: 'error', areas: [area], ...details });
  }
}

/** What any ref store can tell. */
async function* listPointers(refs: RefStore): AsyncGenerator<AuditedPointer> {
  for await (const { name, value } of refs.list('refs/')) {
    const oid = 'oid' in value ? value.oid : (await resolveRef(refs, name))?.oid;
    yield { type: 'ref', name, oid };
  }
  const value = await refs.read('HEAD');
  if (value !== undefined) {
    yield {
      type: 'head',
      name: 'HEAD',
      value,
      oid: 'oid' in value ? value.oid : (await resolveRef(refs, 'HEAD'))?.oid,
    };
  }
}
