import {
  type CheckFinding,
  type CheckId,
  type CheckSeverity,
  DEFAULT_SEVERITIES,
  findCheckId,
  isGitError,
  type ObjectKind,
  type Oid,
} from '@git-kv/objects';
import type { PackCheckOptions, PackLimits, PackProgress } from '@git-kv/pack/indexer';
import { CommandError, type Console, UsageError } from './console.js';

/** `--strict` and `--keep` may stand alone or have a value after `=`: without one they get an empty value. */
export function withOptionalValues(args: readonly string[], names: readonly string[]): string[] {
  return args.map((arg) => (names.includes(arg) ? `${arg}=` : arg));
}

/** What `--strict=<id>=<severity>,...` says, as git reads it. */
export function parseSeverities(text: string): Partial<Record<CheckId, CheckSeverity>> {
  const severities: Partial<Record<CheckId, CheckSeverity>> = {};
  for (const part of text.split(/[ ,|]+/)) {
    if (part === '') continue;
    const [name = '', value] = part.split(/[=:]/, 2);
    if (value === undefined) throw new CommandError(`Missing '=': '${part}'`);
    const id = findCheckId(name);
    if (id === undefined) throw new CommandError(`Unhandled message id: ${name.toLowerCase()}`);
    if (value !== 'error' && value !== 'warn' && value !== 'ignore') {
      throw new CommandError(`Unknown fsck message type: '${value}'`);
    }
    if (value !== 'error' && DEFAULT_SEVERITIES[id] === 'fatal') {
      throw new CommandError(`Cannot demote ${name.toLowerCase()} to ${value}`);
    }
    severities[id] = value;
  }
  return severities;
}

/** The check that `--strict` or `--fsck-objects` ask for, and what it says while it works. */
export class StrictCheck {
  readonly #console: Console;
  readonly #missing: Oid[] = [];
  #said: Promise<void> = Promise.resolve();
  #hasErrors = false;
  readonly options: PackCheckOptions;

  /** @param findKind where links may lead besides into the pack; without it links are not looked at */
  constructor(
    console: Console,
    severities: Partial<Record<CheckId, CheckSeverity>>,
    findKind: ((oid: Oid) => Promise<ObjectKind | undefined>) | undefined,
  ) {
    this.#console = console;
    this.options = {
      strict: true,
      // A .gitmodules that is nowhere is named on standard output, for who fetches it later.
      severities: { gitmodulesMissing: 'warn', ...severities },
      onFinding: (finding) => this.#tell(finding),
      ...(findKind && { findKind }),
    };
  }

  #tell({ id, severity, message, oid }: CheckFinding): void {
    if (id === 'gitmodulesMissing' && severity === 'warn' && oid !== undefined) {
      this.#missing.push(oid);
      return;
    }
    if (severity === 'error') this.#hasErrors = true;
    const line = `${severity === 'error' ? 'error' : 'warning'}: object ${oid}: ${id}: ${message}\n`;
    this.#said = this.#said.then(() => this.#console.stderr.write(line));
  }

  /** Run `body`, which indexes with {@link options}; what is said is out when this returns. */
  async during<T>(body: () => Promise<T>): Promise<T> {
    try {
      return await body();
    } catch (error) {
      if (this.#hasErrors && isGitError(error, 'CHECK_FAILED')) {
        throw new CommandError('fsck error in packed object', { cause: error });
      }
      throw error;
    } finally {
      await this.#said;
    }
  }

  /** .gitmodules that trees of the pack have and nobody holds. */
  get missingGitmodules(): readonly Oid[] {
    return this.#missing;
  }
}

/** Bytes, with a unit as git's (k, m, g) or spelled out (KiB, MiB, GiB). */
export function parseSize(option: string, text: string): number {
  const [, digits, unit = ''] = /^(\d+)(?:([kmg])(?:i?b)?)?$/i.exec(text) ?? [];
  const size = Number(digits) * 1024 ** ' kmg'.indexOf(unit.toLowerCase() || ' ');
  if (digits === undefined || !Number.isSafeInteger(size)) {
    throw new UsageError(`error: option \`${option}' expects a size, such as 32MiB`);
  }
  return size;
}

/** The limit that `--max-input-size` sets; none where it is 0, as with git. */
export function inputLimits(text: string | undefined): { limits?: Partial<PackLimits> } {
  const packBytes = text === undefined ? 0 : parseSize('max-input-size', text);
  return packBytes === 0 ? {} : { limits: { packBytes } };
}

/** Run `body`; a pack over `--max-input-size` is refused in git's words. */
export async function withInputLimit<T>(body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    const { limit, allowed } = error as { limit?: unknown; allowed?: unknown };
    if (isGitError(error, 'LIMIT_EXCEEDED') && limit === 'packBytes') {
      throw new CommandError(`pack exceeds maximum allowed size (${allowed} bytes)`, { cause: error });
    }
    throw error;
  }
}

/** Counts on standard error, at most a few a second. */
export function progressOn(
  console: Console,
  titles: Readonly<Record<string, string>>,
): { readonly onProgress: (progress: PackProgress) => void } {
  let shown = 0;
  return {
    onProgress: ({ phase, loaded, total }) => {
      const isLast = loaded === total;
      if (!isLast && performance.now() - shown < 200) return;
      shown = performance.now();
      const share = total === undefined || total === 0 ? '' : `${Math.floor((100 * loaded) / total)}% `;
      const text = `${titles[phase] ?? phase}: ${share}(${loaded}/${total ?? '?'})${isLast ? ', done.\n' : '\r'}`;
      console.stderr.write(text).catch(() => undefined); // nobody reads: the work goes on
    },
  };
}
