import type { Oid } from '../oid.js';

/** What can be wrong with an object, by the names git-fsck(1) has for it. */
export type CheckId =
  | 'nulInHeader'
  | 'unterminatedHeader'
  | 'badDate'
  | 'badDateOverflow'
  | 'badEmail'
  | 'badName'
  | 'badObjectSha1'
  | 'badParentSha1'
  | 'badTimezone'
  | 'badTree'
  | 'badTreeSha1'
  | 'badType'
  | 'duplicateEntries'
  | 'missingAuthor'
  | 'missingCommitter'
  | 'missingEmail'
  | 'missingNameBeforeEmail'
  | 'missingObject'
  | 'missingSpaceBeforeDate'
  | 'missingSpaceBeforeEmail'
  | 'missingTag'
  | 'missingTagEntry'
  | 'missingTree'
  | 'missingType'
  | 'missingTypeEntry'
  | 'multipleAuthors'
  | 'treeNotSorted'
  | 'unknownType'
  | 'zeroPaddedDate'
  | 'gitmodulesMissing'
  | 'gitmodulesBlob'
  | 'gitmodulesLarge'
  | 'gitmodulesName'
  | 'gitmodulesSymlink'
  | 'gitmodulesUrl'
  | 'gitmodulesPath'
  | 'gitmodulesUpdate'
  | 'gitattributesMissing'
  | 'gitattributesLarge'
  | 'gitattributesLineLength'
  | 'gitattributesBlob'
  | 'emptyName'
  | 'fullPathname'
  | 'hasDot'
  | 'hasDotdot'
  | 'hasDotgit'
  | 'nullSha1'
  | 'zeroPaddedFilemode'
  | 'nulInCommit'
  | 'badFilemode'
  | 'gitmodulesParse'
  | 'gitignoreSymlink'
  | 'gitattributesSymlink'
  | 'mailmapSymlink'
  | 'badTagName'
  | 'missingTaggerEntry'
  | 'extraHeaderEntry';

/**
 * How git ranks an id before anybody says otherwise. `fatal` is an error that cannot be lowered; `warn` becomes an
 * error under `strict`; `info` is reported as a warning and stays one under `strict`.
 */
export type DefaultSeverity = 'fatal' | 'error' | 'warn' | 'info' | 'ignore';

/** What a finding counts as, as in the configuration `fsck.<msg-id>`. */
export type CheckSeverity = 'error' | 'warn' | 'ignore';

/**
 * The ids with the severities that git gives them. Three never arise, in git either, because another id is reported of
 * the same bytes first: `emptyName` (`badTree`), `missingType` and `missingTag` (`unterminatedHeader`).
 */
export const DEFAULT_SEVERITIES: Readonly<Record<CheckId, DefaultSeverity>> = {
  nulInHeader: 'fatal',
  unterminatedHeader: 'fatal',
  badDate: 'error',
  badDateOverflow: 'error',
  badEmail: 'error',
  badName: 'error',
  badObjectSha1: 'error',
  badParentSha1: 'error',
  badTimezone: 'error',
  badTree: 'error',
  badTreeSha1: 'error',
  badType: 'error',
  duplicateEntries: 'error',
  missingAuthor: 'error',
  missingCommitter: 'error',
  missingEmail: 'error',
  missingNameBeforeEmail: 'error',
  missingObject: 'error',
  missingSpaceBeforeDate: 'error',
  missingSpaceBeforeEmail: 'error',
  missingTag: 'error',
  missingTagEntry: 'error',
  missingTree: 'error',
  missingType: 'error',
  missingTypeEntry: 'error',
  multipleAuthors: 'error',
  treeNotSorted: 'error',
  unknownType: 'error',
  zeroPaddedDate: 'error',
  gitmodulesMissing: 'error',
  gitmodulesBlob: 'error',
  gitmodulesLarge: 'error',
  gitmodulesName: 'error',
  gitmodulesSymlink: 'error',
  gitmodulesUrl: 'error',
  gitmodulesPath: 'error',
  gitmodulesUpdate: 'error',
  gitattributesMissing: 'error',
  gitattributesLarge: 'error',
  gitattributesLineLength: 'error',
  gitattributesBlob: 'error',
  emptyName: 'warn',
  fullPathname: 'warn',
  hasDot: 'warn',
  hasDotdot: 'warn',
  hasDotgit: 'warn',
  nullSha1: 'warn',
  zeroPaddedFilemode: 'warn',
  nulInCommit: 'warn',
  badFilemode: 'info',
  gitmodulesParse: 'info',
  gitignoreSymlink: 'info',
  gitattributesSymlink: 'info',
  mailmapSymlink: 'info',
  badTagName: 'info',
  missingTaggerEntry: 'info',
  extraHeaderEntry: 'ignore',
};

/** Every id that {@link DEFAULT_SEVERITIES} has. */
export const CHECK_IDS: readonly CheckId[] = Object.keys(DEFAULT_SEVERITIES) as CheckId[];

/** The id that `text` spells in any case, as the configuration `fsck.<msg-id>` may; else `undefined`. */
export function findCheckId(text: string): CheckId | undefined {
  const lower = text.toLowerCase();
  return CHECK_IDS.find((id) => id.toLowerCase() === lower);
}

/** One thing that is wrong with an object. */
export interface CheckFinding {
  readonly id: CheckId;
  readonly severity: 'error' | 'warn';
  /** For people: may change. */
  readonly message: string;
  /** Bytes from the start of the body to what is wrong, where one place is. */
  readonly offset?: number;
  /** The object, where the caller said which it is. */
  readonly oid?: Oid;
}

/** How strictly to look. */
export interface CheckSeverityOptions {
  /** Severities other than git's own, by id. They hold under `strict` too. */
  readonly severities?: Readonly<Partial<Record<CheckId, CheckSeverity>>>;
  /** As `git fsck --strict` and every receiving git: warnings are errors, and the group-writable mode 100664 is bad. */
  readonly strict?: boolean;
}

/** Severities with everything decided: what a checker looks up. */
export interface CheckRules {
  readonly strict: boolean;
  readonly severities: Readonly<Record<CheckId, CheckSeverity>>;
}

/**
 * Settle the severity of each id.
 * @throws {RangeError} for an id that there is not, a severity that there is not, or an id that cannot be lowered
 */
export function settleRules(options: CheckSeverityOptions): CheckRules {
  const strict = options.strict === true;
  const base = strict ? strictRules : usualRules;
  const overrides = Object.entries(options.severities ?? {});
  if (overrides.length === 0) return base;
  const severities: Record<string, CheckSeverity> = { ...base.severities };
  for (const [id, severity] of overrides) {
    const problem = problemOf(id, severity);
    if (problem !== undefined) throw new RangeError(`Cannot set severity of ${JSON.stringify(id)}: ${problem}`);
    if (severity !== undefined) severities[id] = severity;
  }
  return { strict, severities: severities as Record<CheckId, CheckSeverity> };
}

function problemOf(id: string, severity: unknown): string | undefined {
  if (!Object.hasOwn(DEFAULT_SEVERITIES, id)) return 'there is no such id';
  if (severity === undefined || severity === 'error') return undefined;
  if (severity !== 'warn' && severity !== 'ignore') return `${JSON.stringify(severity)} is no severity`;
  return DEFAULT_SEVERITIES[id as CheckId] === 'fatal' ? `it cannot be lowered to ${severity}` : undefined;
}

const usualRules: CheckRules = /* @__PURE__ */ defaultRules(false);
const strictRules: CheckRules = /* @__PURE__ */ defaultRules(true);

function defaultRules(strict: boolean): CheckRules {
  const settled = { fatal: 'error', error: 'error', warn: strict ? 'error' : 'warn', info: 'warn', ignore: 'ignore' };
  const entries = CHECK_IDS.map((id) => [id, settled[DEFAULT_SEVERITIES[id]]]);
  return { strict, severities: Object.fromEntries(entries) };
}
