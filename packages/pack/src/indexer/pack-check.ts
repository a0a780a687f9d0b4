import {
  CheckError,
  type CheckFinding,
  type CheckSeverityOptions,
  GitError,
  type HashAlgorithm,
  NotFoundError,
  ObjectChecker,
  type ObjectKind,
  type Oid,
  oidFromBytes,
  parseCommitLinks,
  parseTagLinks,
  type RawObject,
  TreeCursor,
  writeOid,
} from '@git-kv/objects';
import type { PackIndex } from '../idx/pack-index.js';
import { kindOfTypeCode, TypeCode, typeCodeOfKind } from '../type-code.js';
import { LinkSet } from './link-set.js';

// Loaded with it: what trees name as files git reads is read in the end.
export { PackReader } from '../reader/pack-reader.js';

/** How the objects of a pack are checked while it is indexed. Severities are those of {@link ObjectChecker}. */
export interface PackCheckOptions extends CheckSeverityOptions {
  /** Objects about which nothing is reported. */
  readonly skip?: ReadonlySet<Oid>;
  /**
   * Follow links: what the objects of the pack link to must be in the pack or found by this, and of the kind it is linked to
   * as. Objects that are in the pack twice are refused then too, as git does. Without this links are not looked at.
   */
  readonly findKind?: (oid: Oid) => Promise<ObjectKind | undefined>;
  /** Told of every finding, those included that end the indexing. */
  readonly onFinding?: (finding: CheckFinding) => void;
}

const TYPE_MASK = 0o170000;
const TREE_TYPE = 0o040000;
const GITLINK_TYPE = 0o160000;

/** Checks the objects of one pack as they become known, and in the end where their links lead. */
export class PackCheck {
  readonly #algorithm: HashAlgorithm;
  readonly #options: PackCheckOptions;
  readonly #checker: ObjectChecker;
  readonly #links: LinkSet | undefined;
  readonly #oidBytes: Uint8Array;

  constructor(algorithm: HashAlgorithm, options: PackCheckOptions) {
    this.#algorithm = algorithm;
    this.#options = options;
    this.#checker = new ObjectChecker({ algorithm, ...options });
    this.#links = options.findKind === undefined ? undefined : new LinkSet(algorithm);
    this.#oidBytes = new Uint8Array(algorithm.oidLength);
  }

  get followsLinks(): boolean {
    return this.#links !== undefined;
  }

  /**
   * Check one object; a blob only matters by what trees call it, which {@link finish} looks at.
   * @throws {CheckError} where it breaks a rule; {GitError} OBJECT_KIND_MISMATCH where links disagree
   */
  object(typeCode: number, oids: Uint8Array, oidAt: number, body: Uint8Array, objectCount: number): void {
    if (typeCode === TypeCode.blob) return;
    const oid = oidFromBytes(oids, oidAt, this.#algorithm.oidLength);
    const kind = kindOfTypeCode(typeCode) as Exclude<ObjectKind, 'blob'>;
    this.#report({ oid, kind }, this.#checker.check({ oid, kind, body }));
    if (this.#links !== undefined) this.#follow(oid, kind, body, objectCount);
  }

  #follow(oid: Oid, kind: Exclude<ObjectKind, 'blob'>, body: Uint8Array, objectCount: number): void {
    if (kind === 'tree') {
      const cursor = new TreeCursor(body, this.#algorithm.oidLength);
      while (cursor.next()) {
        const type = cursor.mode & TYPE_MASK;
        if (type === GITLINK_TYPE) continue;
        const typeCode = type === TREE_TYPE ? TypeCode.tree : TypeCode.blob;
        this.#link(oid, body, cursor.oidStart, typeCode, objectCount);
      }
    } else if (kind === 'commit') {
      const { treeOid, parentOids } = parseCommitLinks(body);
      this.#linkTo(oid, treeOid, TypeCode.tree, objectCount);
      for (const parentOid of parentOids) this.#linkTo(oid, parentOid, TypeCode.commit, objectCount);
    } else {
      const { targetOid, targetKind } = parseTagLinks(body);
      this.#linkTo(oid, targetOid, typeCodeOfKind(targetKind), objectCount);
    }
  }

  #linkTo(from: Oid, to: Oid, typeCode: number, objectCount: number): void {
    if (to.length !== this.#algorithm.oidLength * 2)
      this.#fail(from, `it links to ${to}, which is of another algorithm`);
    writeOid(to, this.#oidBytes, 0);
    this.#link(from, this.#oidBytes, 0, typeCode, objectCount);
  }

  #link(from: Oid, bytes: Uint8Array, offset: number, typeCode: number, objectCount: number): void {
    if (this.#links?.add(bytes, offset, typeCode, objectCount) !== false) return;
    const to = oidFromBytes(bytes, offset, this.#algorithm.oidLength);
    this.#fail(from, `it links to ${to} as a ${kindOfTypeCode(typeCode)}, and another object as something else`);
  }

  /**
   * The whole pack is known: look at the special files that trees named, and for what links lead to.
   * @param read an object of the pack, or else from elsewhere
   * @throws {CheckError}; {GitError} OBJECT_KIND_MISMATCH; {NotFoundError} OBJECT_NOT_FOUND where a link leads nowhere
   */
  async finish(
    index: PackIndex,
    typeCodes: Uint8Array,
    read: (oid: Oid) => Promise<RawObject | undefined>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    await this.#finishLinks(index, typeCodes, signal);
    for (const oid of this.#checker.pendingOids()) {
      signal?.throwIfAborted();
      const object = await read(oid);
      this.#report({ oid, kind: object?.kind ?? 'blob' }, this.#checker.checkPending(oid, object));
    }
  }

  async #finishLinks(index: PackIndex, typeCodes: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    const links = this.#links;
    if (links === undefined) return;
    const { oidLength } = this.#algorithm;
    for (let number = 0; number < links.count; number++) {
      const position = index.findBytes(links.oids, number * oidLength);
      const expected = kindOfTypeCode(links.typeCodes[number] as number) as ObjectKind;
      let kind: ObjectKind | undefined;
      if (position !== undefined) {
        kind = kindOfTypeCode(typeCodes[position] as number);
        if (kind === expected) continue;
      }
      const oid = oidFromBytes(links.oids, number * oidLength, oidLength);
      if (position === undefined) {
        signal?.throwIfAborted();
        kind = await this.#options.findKind?.(oid);
      }
      if (kind === undefined) {
        throw new NotFoundError(
          'OBJECT_NOT_FOUND',
          oid,
          `Cannot accept pack: ${expected} ${oid}, which it links to, is missing`,
        );
      }
      if (kind !== expected) this.#fail(oid, `it is linked to as a ${expected}, and is a ${kind}`);
    }
  }

  #report(object: { readonly oid: Oid; readonly kind: ObjectKind }, findings: readonly CheckFinding[]): void {
    for (const finding of findings) this.#options.onFinding?.(finding);
    const error = findings.find(({ severity }) => severity === 'error');
    if (error !== undefined) throw new CheckError(object, error.id, error.message);
  }

  #fail(oid: Oid, problem: string): never {
    throw new GitError('OBJECT_KIND_MISMATCH', `Cannot accept object ${oid}: ${problem}`);
  }
}
