import { type CheckSeverityOptions, ObjectChecker, type Oid } from '@git-kv/objects';
import type { AuditOptions } from '../../audit.js';
import { auditListed } from '../../audit-listed.js';
import type { Progress } from '../../object-store.js';
import type { Repository } from '../../repository.js';
import { FindingChannel, type FsckFinding } from './finding.js';
import { ObjectAudit } from './object-audit.js';
import { Mark, ObjectTable } from './object-table.js';
import { PromisedObjects } from './promised-objects.js';
import { Reachability } from './reachability.js';
import { findRoots, type Roots, requestedRoots } from './roots.js';

export type { FsckArea, FsckFinding, FsckFindingType } from './finding.js';

/** What is checked, and what is told. Names and defaults are those of git-fsck(1). */
export interface FsckOptions extends CheckSeverityOptions {
  /** Objects whose content is not reported on (fsck.skipList). */
  readonly skip?: ReadonlySet<Oid>;
  /** Instead of what refs, logs and indexes point to. */
  readonly objects?: readonly Oid[];
  /** Whether logs of refs point to objects (default true). */
  readonly reflogs?: boolean;
  /** Whether packs are looked into (default true). */
  readonly full?: boolean;
  /** Read only what is needed to follow links: damage elsewhere is not found (default false). */
  readonly connectivityOnly?: boolean;
  /** Tell of objects that nothing leads to (default true). */
  readonly dangling?: boolean;
  /** Tell of all objects that no ref leads to, instead (default false). */
  readonly unreachable?: boolean;
  /** Tell of commits without parents (default false). */
  readonly roots?: boolean;
  /** Tell of tags (default false). */
  readonly tags?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/**
 * Check a repository: every object's hash and content by the rules and ids of `git fsck`, what objects are stored in, the links
 * between them, and what refs, logs and the index point to. Findings come as they are made; a repository without fault gives
 * none of severity `error`. Nothing is changed.
 *
 * Memory: some 50 bytes an object, and what the largest objects need. Where everything that any object names is here, links
 * are not followed a second time, which is half of the work.
 *
 * ```ts
 * import { fsck } from '@git-kv/repository';
 * import { createMemoryRepository } from '@git-kv/repository/memory';
 *
 * const repository = createMemoryRepository();
 * const oid = await repository.objects.write({ kind: 'blob', body: new TextEncoder().encode('lost\n') });
 * for await (const finding of fsck(repository)) console.log(finding.type, finding.oid); // dangling, and the blob's id
 * ```
 *
 * @throws {RangeError} for severities that there are not; {FileError} where the storage fails; the reason of `signal`
 */
export async function* fsck(
  repository: Repository,
  options: FsckOptions = {},
): AsyncGenerator<FsckFinding, void, undefined> {
  const channel = new FindingChannel();
  const check = new RepositoryCheck(repository, options, channel);
  yield* channel.follow(() => check.run());
}

class RepositoryCheck {
  readonly #repository: Repository;
  readonly #options: FsckOptions;
  readonly #channel: FindingChannel;
  readonly #table: ObjectTable;
  readonly #checker: ObjectChecker;

  constructor(repository: Repository, options: FsckOptions, channel: FindingChannel) {
    this.#repository = repository;
    this.#options = options;
    this.#channel = channel;
    this.#table = new ObjectTable(repository.algorithm);
    const { severities, strict, skip } = options;
    this.#checker = new ObjectChecker({
      algorithm: repository.algorithm,
      ...(severities && { severities }),
      ...(strict !== undefined && { strict }),
      ...(skip && { skip }),
    });
  }

  async run(): Promise<void> {
    const { signal, connectivityOnly = false, full = true, roots = false, tags = false } = this.#options;
    signal?.throwIfAborted();
    const { objects } = this.#repository;
    const shallow = await this.#repository.shallow.read();
    const audit = new ObjectAudit({
      table: this.#table,
      checker: this.#checker,
      channel: this.#channel,
      shallow,
      roots,
      tags,
    });
    const auditOptions: AuditOptions = {
      ...(signal && { signal }),
      ...(this.#options.onProgress && { onProgress: this.#options.onProgress }),
      presentOnly: connectivityOnly,
      looseOnly: !full,
    };
    if (objects.audit) await objects.audit(audit, auditOptions);
    else await auditListed(objects, audit, auditOptions);
    const promised = await PromisedObjects.open(objects, signal);
    if (!connectivityOnly) await audit.finish(objects, promised, signal);
    const found = await this.#findRoots(promised);
    if (!found.hasRefs) this.#tellNoRefs();
    const unreachable = this.#options.unreachable === true && found.hasRefs;
    if (connectivityOnly || !full || unreachable || !audit.isSound || !this.#isComplete()) {
      const reader = objects;
      const { table, channel } = { table: this.#table, channel: this.#channel };
      const reachability = new Reachability({ reader, table, channel, shallow, signal, promised });
      await reachability.walk(found.rows);
      if (connectivityOnly && this.#options.dangling !== false) await reachability.markUsedByUnreachable();
      await this.#tellMissing(promised);
    }
    await this.#tellUnreachable(unreachable);
  }

  #findRoots(promised: PromisedObjects): Promise<Roots> {
    const { objects, reflogs = true } = this.#options;
    if (objects !== undefined && objects.length > 0)
      return requestedRoots(objects, this.#table, this.#channel, promised);
    return findRoots(this.#repository, this.#table, this.#channel, { logs: reflogs, promised });
  }

  /**
   * Whether all that any object or ref names is here, and is what it is called. Then nothing reachable is missing; and what
   * nothing names is unreachable, and nothing else dangles: there is no need to follow links.
   */
  #isComplete(): boolean {
    const table = this.#table;
    for (let row = 0; row < table.count; row++) {
      if (!table.has(row, Mark.present) || table.isMistaken(row)) return false;
    }
    return true;
  }

  #tellNoRefs(): void {
    this.#channel.push({ type: 'noRefs', severity: 'info', areas: ['refs'], message: 'No default references' });
  }

  async #tellMissing(promised: PromisedObjects): Promise<void> {
    const table = this.#table;
    for (let row = 0; row < table.count; row++) {
      if (!table.has(row, Mark.reachable) || table.has(row, Mark.present) || table.has(row, Mark.packed)) continue;
      const kind = table.linkedKindAt(row);
      const oid = table.oidAt(row);
      if (await promised.has(oid)) continue;
      const message = `${kind ?? 'object'} ${oid} is missing`;
      this.#channel.push({
        type: 'missing',
        severity: 'error',
        areas: ['reachable'],
        oid,
        ...(kind && { kind }),
        message,
      });
    }
  }

  async #tellUnreachable(all: boolean): Promise<void> {
    if (!all && this.#options.dangling === false) return;
    const table = this.#table;
    for (let row = 0; row < table.count; row++) {
      if (!table.has(row, Mark.present) || table.has(row, Mark.reachable)) continue;
      if (!all && table.has(row, Mark.used)) continue;
      const oid = table.oidAt(row);
      const kind = table.kindAt(row) ?? (await this.#kindOf(oid));
      const type = all ? 'unreachable' : 'dangling';
      const message = all ? 'no ref leads to it' : 'nothing names it';
      this.#channel.push({ type, severity: 'info', areas: ['reachable'], oid, ...(kind && { kind }), message });
    }
  }

  async #kindOf(oid: Oid): Promise<FsckFinding['kind']> {
    return (await this.#repository.objects.stat(oid).catch(() => undefined))?.kind;
  }
}
