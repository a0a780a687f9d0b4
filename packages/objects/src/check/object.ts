import type { HashAlgorithm } from '../hash.js';
import type { ObjectKind } from '../kind.js';
import type { Oid } from '../oid.js';
import { checkCommit } from './commit.js';
import { checkGitattributes } from './gitattributes.js';
import { checkGitmodules } from './gitmodules.js';
import { type CheckFinding, type CheckRules, type CheckSeverityOptions, settleRules } from './ids.js';
import { CheckReport } from './report.js';
import { checkTag } from './tag.js';
import { checkTree, type SpecialEntries } from './tree.js';

/** A file that git itself reads, so that its content is checked too. */
export type SpecialFile = 'gitmodules' | 'gitattributes';

/** What is to be checked, and how strictly. */
export interface CheckOptions extends CheckSeverityOptions {
  readonly algorithm: HashAlgorithm;
  /** Put into each finding. */
  readonly oid?: Oid;
  /** What trees have a blob as: without this, a blob is not looked at. */
  readonly specialFiles?: Iterable<SpecialFile>;
}

/**
 * Look for everything that `git fsck` of version 2.39.5 finds in one object, links to others aside, and report it
 * under the same ids. An empty answer means that git has nothing to say. Where git would stop after an error, the
 * answer ends there too.
 *
 * What a blob is for, only trees tell: use {@link ObjectChecker} for more than one object.
 * @throws {RangeError} for severities that there are not
 */
export function checkObject(kind: ObjectKind, body: Uint8Array, options: CheckOptions): CheckFinding[] {
  const report = new CheckReport(settleRules(options), options.oid);
  const { algorithm, specialFiles = [] } = options;
  if (kind === 'blob') checkBlob(body, new Set(specialFiles), report);
  else checkStructured(kind, body, algorithm, report);
  return report.findings;
}

/** How {@link ObjectChecker} is to check. */
export interface ObjectCheckerOptions extends CheckSeverityOptions {
  readonly algorithm: HashAlgorithm;
  /** Objects about which nothing is reported, as in the configuration `fsck.skipList`. */
  readonly skip?: ReadonlySet<Oid>;
}

/** An object for {@link ObjectChecker}. */
export interface CheckedObject {
  readonly oid: Oid;
  readonly kind: ObjectKind;
  /** `undefined` for a blob that is too large to hold, which matters where it is a special file. */
  readonly body: Uint8Array | undefined;
}

/**
 * Checks many objects in any order, and finds out from the trees which blobs are `.gitmodules` and `.gitattributes`.
 *
 * ```ts
 * import { hashObject, ObjectChecker, sha1 } from '@git-kv/objects';
 *
 * const checker = new ObjectChecker({ algorithm: sha1, strict: true });
 * const body = new TextEncoder().encode('tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n\n');
 * const findings = checker.check({ oid: hashObject(sha1, 'commit', body), kind: 'commit', body });
 * findings.map(({ id }) => id); // ['missingAuthor']
 * checker.pendingOids(); // [], as no tree has named a .gitmodules
 * ```
 */
export class ObjectChecker {
  readonly #algorithm: HashAlgorithm;
  readonly #rules: CheckRules;
  readonly #skip: ReadonlySet<Oid>;
  /** Blobs that trees name, by what they are named; `true` once checked as that. */
  readonly #special: Readonly<Record<SpecialFile, Map<Oid, boolean>>> = {
    gitmodules: new Map(),
    gitattributes: new Map(),
  };

  /** @throws {RangeError} for severities that there are not */
  constructor(options: ObjectCheckerOptions) {
    this.#algorithm = options.algorithm;
    this.#rules = settleRules(options);
    this.#skip = options.skip ?? new Set();
  }

  /** What is wrong with `object`, whose `body` is not kept. A blob is looked at where a tree before it told what it is. */
  check(object: CheckedObject): CheckFinding[] {
    const { oid, kind, body } = object;
    const report = new CheckReport(this.#rules, oid);
    if (kind === 'blob') {
      checkBlob(body, this.#take(oid), report);
    } else if (body === undefined) {
      throw new TypeError(`Cannot check ${kind} ${oid}: only a blob may be given without its body`);
    } else {
      this.#keep(checkStructured(kind, body, this.#algorithm, report));
    }
    return this.#skip.has(oid) ? [] : report.findings;
  }

  /** Blobs that trees have named as special files and that have not been checked as such. */
  pendingOids(): Oid[] {
    const oids = new Set<Oid>();
    for (const blobs of Object.values(this.#special)) {
      for (const [oid, isChecked] of blobs) if (!isChecked) oids.add(oid);
    }
    return [...oids];
  }

  /**
   * What is wrong with a special file that was not among the objects given to {@link check} after its tree.
   * @param object what is stored under `oid`; `undefined` where nothing is
   */
  checkPending(oid: Oid, object: Omit<CheckedObject, 'oid'> | undefined): CheckFinding[] {
    const report = new CheckReport(this.#rules, oid);
    const files = this.#take(oid);
    if (object?.kind === 'blob') {
      checkBlob(object.body, files, report);
    } else {
      for (const file of files) {
        if (object === undefined) report.add(`${file}Missing`, undefined, `there is no blob for .${file}`);
        else report.add(`${file}Blob`, undefined, `.${file} is a ${object.kind}`);
      }
    }
    return this.#skip.has(oid) ? [] : report.findings;
  }

  #keep({ gitmodulesOids, gitattributesOids }: SpecialEntries): void {
    for (const oid of gitmodulesOids) if (!this.#special.gitmodules.has(oid)) this.#special.gitmodules.set(oid, false);
    for (const oid of gitattributesOids) {
      if (!this.#special.gitattributes.has(oid)) this.#special.gitattributes.set(oid, false);
    }
  }

  /** What `oid` is still to be checked as. */
  #take(oid: Oid): Set<SpecialFile> {
    const files = new Set<SpecialFile>();
    for (const file of ['gitmodules', 'gitattributes'] as const) {
      if (this.#special[file].get(oid) !== false) continue;
      this.#special[file].set(oid, true);
      files.add(file);
    }
    return files;
  }
}

const NO_ENTRIES: SpecialEntries = { gitmodulesOids: [], gitattributesOids: [] };

function checkStructured(
  kind: Exclude<ObjectKind, 'blob'>,
  body: Uint8Array,
  algorithm: HashAlgorithm,
  report: CheckReport,
): SpecialEntries {
  switch (kind) {
    case 'tree':
      return checkTree(body, algorithm, report);
    case 'commit':
      checkCommit(body, algorithm, report);
      return NO_ENTRIES;
    case 'tag':
      checkTag(body, algorithm, report);
      return NO_ENTRIES;
    default:
      report.add('unknownType', undefined, `${JSON.stringify(kind)} is no kind of object`);
      return NO_ENTRIES;
  }
}

function checkBlob(body: Uint8Array | undefined, files: ReadonlySet<SpecialFile>, report: CheckReport): void {
  for (const file of files) {
    if (body === undefined) report.add(`${file}Large`, undefined, `.${file} is too large to check`);
    else if (file === 'gitmodules') checkGitmodules(body, report);
    else checkGitattributes(body, report);
  }
}
