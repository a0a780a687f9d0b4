import { GitError } from '@git-kv/objects';

/** One thing that is wrong with a value. */
export interface ValueIssue {
  readonly message: string;
  /** Where in the value: names and numbers from the outside in. Empty for the value itself. */
  readonly path: readonly PropertyKey[];
}

/** A value that a codec cannot hold, or that a schema refuses. */
export class InvalidValueError extends GitError {
  override readonly name: string = 'InvalidValueError';
  /** All that is wrong, as far as it was looked for; at least one. */
  readonly issues: readonly ValueIssue[];

  constructor(verb: 'encode' | 'decode', issues: readonly ValueIssue[], options?: { cause?: unknown }) {
    const [first] = issues;
    const where = first === undefined || first.path.length === 0 ? '' : ` at ${first.path.map(String).join('.')}`;
    super('INVALID_VALUE', `Cannot ${verb} value${where}: ${first?.message ?? 'it is invalid'}`, options);
    this.issues = issues;
  }
}
