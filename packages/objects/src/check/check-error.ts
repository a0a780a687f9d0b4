import { GitError } from '../error.js';
import type { ObjectKind } from '../kind.js';
import type { Oid } from '../oid.js';
import type { CheckId } from './ids.js';

/** An object was refused because its content breaks a rule of fsck. */
export class CheckError extends GitError {
  override readonly name: string = 'CheckError';
  readonly oid: Oid;
  readonly kind: ObjectKind;
  readonly id: CheckId;

  /** @param problem for people: may change */
  constructor(object: { readonly oid: Oid; readonly kind: ObjectKind }, id: CheckId, problem: string) {
    // The words after the colon are git's own way to say it, and what a client is shown.
    super('CHECK_FAILED', `Cannot accept ${object.kind}: object ${object.oid}: ${id}: ${problem}`);
    this.oid = object.oid;
    this.kind = object.kind;
    this.id = id;
  }
}
