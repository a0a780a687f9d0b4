import type { Oid } from '@git-kv/objects';
import type { CommitText, Person } from './commit-text.js';
import type { Decorations } from './decorations.js';
import type { DateStyle } from './show-date.js';

/** A commit to be shown. */
export interface PrettyCommit {
  readonly oid: Oid;
  readonly treeOid: Oid;
  /** As far as they are shown. */
  readonly parentOids: readonly Oid[];
  readonly text: CommitText;
}

/** The formats that have a name, and a format of placeholders. */
export type PrettyFormat =
  | { readonly type: 'oneline' | 'short' | 'medium' | 'full' | 'fuller' | 'raw' }
  | { readonly type: 'user'; readonly text: string };

/** How commits are shown. */
export interface PrettyContext {
  readonly format: PrettyFormat;
  readonly dateStyle: DateStyle;
  /** Seconds since 1970, for dates that are relative to it. */
  readonly now: number;
  readonly decorations: Decorations | undefined;
  /** Columns of a tab; 0 leaves tabs. */
  readonly tabSize: number;
  abbreviate(oid: Oid): string;
  /** A person as the mailmap says, where it is used. */
  map(person: Person): Person;
  /** As the mailmap says in any case. */
  mapAlways(person: Person): Person;
}
