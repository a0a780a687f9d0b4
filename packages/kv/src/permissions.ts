import { FileMode } from '@git-kv/objects';
import { isValueMode } from './changes.js';

/**
 * How git would check a value out: `exec` is a program, `everybody` an old mode that a group may write (git checks it out as
 * `normal`), `link` a symbolic link whose target the value is.
 */
export type Permissions = 'normal' | 'exec' | 'everybody' | 'link';

const EVERYBODY = 0o100664;

const MODES: Readonly<Record<Permissions, number>> = {
  normal: FileMode.regular,
  exec: FileMode.executable,
  everybody: EVERYBODY,
  link: FileMode.symlink,
};

/** @throws {TypeError} for what is none */
export function modeOf(permissions: Permissions): number {
  const mode = Object.hasOwn(MODES, permissions) ? MODES[permissions] : undefined;
  if (mode !== undefined) return mode;
  throw new TypeError(`Cannot use ${String(permissions)} as permissions: they are ${Object.keys(MODES).join(', ')}`);
}

/** `undefined` for directories and submodules. Odd modes that old programs wrote are taken for the nearest. */
export function permissionsOf(mode: number): Permissions | undefined {
  if (mode === FileMode.symlink) return 'link';
  if (!isValueMode(mode)) return undefined;
  if ((mode & 0o100) !== 0) return 'exec';
  return (mode & 0o020) !== 0 ? 'everybody' : 'normal';
}
