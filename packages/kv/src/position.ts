import type { Oid } from '@git-kv/objects';
import type { Head } from './head.js';
import type { SettledPush } from './options.js';

/** Where a store stands: what it shows, what the remote is known to have, and what is in doubt. */
export interface Position {
  readonly head: Head | undefined;
  readonly pushedOid: Oid | undefined;
  /** A commit on top of `head`, or of what others pushed since, of which it is not known whether the remote took it. */
  readonly pending: Head | undefined;
}

/** Where a pull leads, and what became of the pending commit. */
export interface Plan extends Position {
  readonly fate?: SettledPush['status'];
}
