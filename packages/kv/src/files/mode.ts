type Kind = 'r' | 'w' | 'a' | 'x';
type Flags = '' | 'b' | 't' | '+' | 'b+' | '+b' | 't+' | '+t';

/**
 * How a file is opened, as C and Python spell it: `r` reads one that is there, `w` begins an empty one, `a` writes at its end, `x` makes
 * one that was not there; `+` both reads and writes; `b` is bytes and `t` (or nothing) text.
 */
export type OpenMode = `${Kind}${Flags}`;

/** What is read from and written to a file opened so. */
export type ContentOf<M extends OpenMode> = M extends `${string}b${string}` ? Uint8Array : string;

/** What a mode allows. */
export interface ModeRules {
  readonly mode: OpenMode;
  readonly isBinary: boolean;
  readonly canRead: boolean;
  readonly canWrite: boolean;
  /** Every write goes to the end. */
  readonly isAppending: boolean;
  /** What was there is not read. */
  readonly startsEmpty: boolean;
  /** Whether the file has to be there, must not be there, or may. */
  readonly presence: 'required' | 'forbidden' | 'optional';
}

/** @throws {RangeError} for what is no mode */
export function parseMode(mode: OpenMode): ModeRules {
  const [, kind, flags] = /^([rwax])(|b|t|\+|b\+|\+b|t\+|\+t)$/.exec(mode) ?? [];
  if (kind === undefined || flags === undefined) {
    throw new RangeError(`Cannot open a file: ${JSON.stringify(mode)} is no mode`);
  }
  const isUpdating = flags.includes('+');
  return {
    mode,
    isBinary: flags.includes('b'),
    canRead: kind === 'r' || isUpdating,
    canWrite: kind !== 'r' || isUpdating,
    isAppending: kind === 'a',
    startsEmpty: kind === 'w' || kind === 'x',
    presence: kind === 'r' ? 'required' : kind === 'x' ? 'forbidden' : 'optional',
  };
}
