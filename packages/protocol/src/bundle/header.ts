import { encodeUtf8, GitError, type HashAlgorithm, type Oid } from '@git-kv/objects';

/** A commit that whoever takes a bundle in must have, with all it reaches. */
export interface BundlePrerequisite {
  readonly oid: Oid;
  /** For people: the subject of the commit, as a rule. Empty where there is none. */
  readonly comment: string;
}

/** A ref that a bundle brings. */
export interface BundleRef {
  /** A full ref name, or `HEAD`. */
  readonly name: string;
  readonly oid: Oid;
}

/** What stands before the pack in a bundle. */
export interface BundleHeader {
  readonly version: 2 | 3;
  readonly algorithm: HashAlgorithm;
  /** What was left out of the pack, as `rev-list --filter` spells it: `blob:none`. Only version 3 can say so. */
  readonly filter?: string;
  readonly prerequisites: readonly BundlePrerequisite[];
  /** In stored order. git writes a name twice where it was asked for twice; both times it is the same object. */
  readonly refs: readonly BundleRef[];
}

const LINE_BREAK = /[\0\r\n]/;
const FILTER =
  /^(?:blob:none|blob:limit=\d+[kmg]?|tree:\d+|object:type=(?:blob|tree|commit|tag)|(?:sparse:oid|combine)[:=]\S+)$/;

/** Whether `text` is an object filter that git 2.39 knows. @see git-rev-list(1), "--filter" */
export function isBundleFilter(text: string): boolean {
  return FILTER.test(text);
}

/**
 * The bytes of a header, the empty line that ends it included.
 *
 *     header       = signature *capability *prerequisite *reference LF
 *     signature    = "# v" ( "2" / "3" ) " git bundle" LF
 *     capability   = "@" name [ "=" value ] LF               ; version 3: object-format, filter
 *     prerequisite = "-" oid SP comment LF
 *     reference    = oid SP refname LF
 *
 * @throws {GitError} UNSUPPORTED where version 2 cannot say it: it knows SHA-1 only, and no filter
 * @throws {RangeError} for a comment or a name of more than one line
 * @see gitformat-bundle(5)
 */
export function serializeBundleHeader(header: BundleHeader): Uint8Array {
  const { version, algorithm, filter } = header;
  const lines = [`# v${version} git bundle`];
  if (version === 3) {
    lines.push(`@object-format=${algorithm.name}`);
    if (filter !== undefined) lines.push(`@filter=${filter}`);
  } else if (algorithm.name !== 'sha1') {
    throw new GitError(
      'UNSUPPORTED',
      `Cannot write bundle version 2 with algorithm ${algorithm.name}: version 3 is needed`,
    );
  } else if (filter !== undefined) {
    throw new GitError('UNSUPPORTED', 'Cannot write bundle version 2 with a filter: version 3 is needed');
  }
  for (const { oid, comment } of header.prerequisites) lines.push(`-${oid} ${comment}`);
  for (const { oid, name } of header.refs) lines.push(`${oid} ${name}`);
  for (const line of lines) {
    if (LINE_BREAK.test(line))
      throw new RangeError(`Cannot write bundle: ${JSON.stringify(line.slice(0, 80))} is not one line`);
  }
  return encodeUtf8(`${lines.join('\n')}\n\n`);
}
