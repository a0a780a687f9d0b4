import {
  CheckError,
  type CheckFinding,
  type CheckSeverityOptions,
  type HashAlgorithm,
  hashObject,
  ObjectChecker,
  type ObjectKind,
  type Oid,
  type RawObject,
} from '@git-kv/objects';
import type { VisitedObject } from '@git-kv/pack';

/** How the content of objects that arrive is checked, as by receive.fsckObjects and receive.fsck.* in git. */
export interface ReceiveCheckOptions extends CheckSeverityOptions {
  /** Whether what fsck warns of is refused too (default true, as in every receiving git). */
  readonly strict?: boolean;
  /** Objects that pass with whatever is wrong with them (receive.fsck.skipList). */
  readonly skip?: ReadonlySet<Oid>;
}

interface CheckedReader {
  read(oid: Oid, options?: { readonly signal?: AbortSignal }): Promise<RawObject | undefined>;
}

/** Checks the objects of a pack while it is indexed; the first that is at fault ends it. */
export class ReceiveCheck {
  readonly #algorithm: HashAlgorithm;
  readonly #checker: ObjectChecker;
  readonly #skip: ReadonlySet<Oid>;

  /** @throws {RangeError} for severities that there are not */
  constructor(algorithm: HashAlgorithm, options: ReceiveCheckOptions) {
    const { skip, ...severities } = options;
    this.#algorithm = algorithm;
    this.#checker = new ObjectChecker({ algorithm, strict: true, ...severities });
    this.#skip = skip ?? new Set();
  }

  /** For `indexPack`. @throws {CheckError} */
  readonly visit = ({ kind, body }: VisitedObject): void => {
    // What a blob is for, only trees tell: those that matter come in the end.
    if (kind === 'blob') return;
    // The id is not known yet, and only one that is at fault needs it.
    const findings = this.#checker.check({ oid: '', kind, body });
    if (findings.length > 0) this.#judge(findings, kind, () => hashObject(this.#algorithm, kind, body));
  };

  /**
   * Check the blobs that trees have named as files git reads.
   * @param isPromised what is not here is for a promisor remote to have
   * @throws {CheckError}
   */
  async finish(reader: CheckedReader, options?: { readonly signal?: AbortSignal }, isPromised = false): Promise<void> {
    for (const oid of this.#checker.pendingOids()) {
      const object = await reader.read(oid, options);
      if (object === undefined && isPromised) continue;
      this.#judge(this.#checker.checkPending(oid, object), object?.kind ?? 'blob', () => oid);
    }
  }

  #judge(findings: readonly CheckFinding[], kind: ObjectKind, oidOf: () => Oid): void {
    const fault = findings.find(({ severity }) => severity === 'error');
    if (fault === undefined) return;
    const oid = oidOf();
    if (!this.#skip.has(oid)) throw new CheckError({ oid, kind }, fault.id, fault.message);
  }
}
