import type { ConflictPolicy, UnpushedPolicy } from '@git-kv/kv';
import { Key } from '@git-kv/kv';
import { type KeyMerge, keyMerges, type MergeRule } from '@git-kv/kv/merge';
import { type Console, UsageError } from '../console.js';
import { parseCount, parseOptions } from '../options.js';
import { Line } from './line.js';

/** How mgit is called. */
export const USAGE = `usage: mgit <remote> [<filename>]
   or: mgit [<options>] <remote> [<filename>] -c <line>...
   or: mgit [<options>] <remote> [<filename>] -- <command> [<argument>...]`;

/** What a command line asks for. */
export interface Wish {
  readonly remote: string;
  readonly file: string | undefined;
  /** Absent where lines are to be read. */
  readonly given: readonly Line[] | undefined;
  readonly json: boolean;
  readonly stopsOnError: boolean;
  readonly keepsHistory: boolean;
  readonly showsProgress: boolean;
  readonly pollMs: number | undefined;
  readonly policies: {
    readonly onUnpushed?: UnpushedPolicy;
    readonly onConflict?: ConflictPolicy;
    readonly merge?: readonly MergeRule[];
  };
}

const UNPUSHED: readonly UnpushedPolicy[] = ['reject', 'rebase', 'merge', 'theirs'];
const CONFLICT: readonly ConflictPolicy[] = ['rebase', 'fail'];
const MERGES: Readonly<Record<string, () => KeyMerge>> = {
  ours: () => keyMerges.ours,
  theirs: () => keyMerges.theirs,
  later: keyMerges.lastWriterWins,
  counter: keyMerges.counter,
  set: keyMerges.set,
  text: keyMerges.text,
  json: keyMerges.json,
};

/** Read a command line. `help` and `version` are asked for instead of anything else. @throws {UsageError} */
export function parseWish(args: readonly string[], console: Console): Wish | 'help' | 'version' {
  const end = args.indexOf('--');
  const words = end < 0 ? [] : args.slice(end + 1);
  try {
    const { values, positionals } = parseOptions(end < 0 ? args : args.slice(0, end), {
      help: { type: 'boolean', short: 'h', default: false },
      version: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      command: { type: 'string', short: 'c', multiple: true, default: [] },
      'stop-on-error': { type: 'boolean', short: 'e', default: false },
      'no-history': { type: 'boolean', default: false },
      progress: { type: 'boolean', default: false },
      'no-progress': { type: 'boolean', default: false },
      poll: { type: 'string' },
      'on-unpushed': { type: 'string' },
      'on-conflict': { type: 'string' },
      merge: { type: 'string', multiple: true, default: [] },
    });
    if (values.help) return 'help';
    if (values.version) return 'version';
    const [remote, file, ...more] = positionals;
    const isTwice = words.length > 0 && values.command.length > 0;
    if (remote === undefined || more.length > 0 || isTwice) throw new UsageError('');
    const given = words.length > 0 ? [Line.of(words)] : values.command.map((text) => Line.parse(text));
    const onUnpushed = oneOf('on-unpushed', UNPUSHED, values['on-unpushed']);
    const onConflict = oneOf('on-conflict', CONFLICT, values['on-conflict']);
    return {
      remote,
      file,
      given: given.length > 0 ? given : undefined,
      json: values.json,
      stopsOnError: values['stop-on-error'],
      keepsHistory: !values['no-history'],
      pollMs: values.poll === undefined ? undefined : parseCount('poll', values.poll, 1),
      showsProgress: values.progress || (console.stderr.isTTY && !values['no-progress'] && !values.json),
      policies: {
        ...(onUnpushed && { onUnpushed }),
        ...(onConflict && { onConflict }),
        ...(values.merge.length > 0 && { merge: values.merge.map(mergeRule) }),
      },
    };
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(`${error.message}\n${USAGE}`.trimStart());
    throw error;
  }
}

function oneOf<T extends string>(option: string, values: readonly T[], text: string | undefined): T | undefined {
  const found = values.find((value) => value === text);
  if (found !== undefined || text === undefined) return found;
  throw new UsageError(`error: option \`${option}' expects one of ${values.join(', ')}`);
}

/** `RULE` for every key, or `KEY=RULE` for one and what is below it. */
function mergeRule(text: string): MergeRule {
  const at = text.lastIndexOf('=');
  const name = oneOf('merge', Object.keys(MERGES), text.slice(at + 1)) as string;
  const prefix = at < 0 ? '*' : Key.of(text.slice(0, at)).toString();
  return { prefix, merge: (MERGES[name] as () => KeyMerge)() };
}
