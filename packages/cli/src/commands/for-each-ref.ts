import type { Oid } from '@git-kv/objects';
import { peelTo, type Repository } from '@git-kv/repository';
import { BufferedOutput } from '../buffered-output.js';
import { CommandError, UsageError } from '../console.js';
import { findNamed } from '../find-named.js';
import { type GivenOptions, parseGitOptions } from '../git-options.js';
import type { Command } from '../program.js';
import { filterRefs, type RefFilter } from '../ref-filter.js';
import { parseRefFormat, type QuoteStyle, renderRef } from '../ref-format.js';
import { type Atom, parseAtom } from '../ref-format-atoms.js';
import { type AtomValue, AtomValues, type ListedRef } from '../ref-format-values.js';
import { openHere, using } from '../repository.js';
import { compareVersions } from '../version-compare.js';

const DEFAULT_FORMAT = '%(objectname) %(objecttype)\t%(refname)';
const QUOTE_STYLES = ['shell', 'perl', 'python', 'tcl'] as const;

/** git-for-each-ref(1). */
export const forEachRefCommand: Command = {
  usage:
    'for-each-ref [--count=<n>] [--shell|--perl|--python|--tcl] [--sort=<key>]... [--format=<format>]\n' +
    ' [--ignore-case] [--points-at=<object>] [--[no-]merged [<commit>]] [--[no-]contains [<commit>]] [<pattern>...]',
  async run(args, console) {
    const options = parseGitOptions(args, OPTIONS);
    const count = countOf(options);
    const styles = QUOTE_STYLES.filter((style) => options.has(style));
    if (styles.length > 1) throw new UsageError('error: more than one quoting style?');
    const color = options.last('color');
    if (color !== undefined && color.value !== 'never' && color.value !== 'auto')
      throw new CommandError('--color is not supported: nothing is printed in colour');
    const format = parseRefFormat(options.value('format') ?? DEFAULT_FORMAT, (styles[0] ?? 'none') as QuoteStyle);
    const sorting = options.values('sort').map((text) => parseSortKey(text, options.has('ignore-case')));
    return await using(openHere(console), async (repository) => {
      const refs = await filterRefs(repository, console, await filterOf(repository, options));
      const atoms = [...format.parts.filter((part) => typeof part !== 'string'), ...sorting.map(({ atom }) => atom)];
      const values = await AtomValues.open(repository, uniqueAtoms(atoms));
      const output = new BufferedOutput(console.stdout);
      try {
        const sorted = sorting.length === 0 ? refs.map((ref) => ({ ref })) : await sortRefs(refs, values, sorting);
        for (const entry of sorted.slice(0, count)) {
          const known = 'values' in entry ? entry.values : await values.of(entry.ref);
          await output.write(Buffer.from(`${renderRef(format, known)}\n`, 'latin1'));
        }
      } finally {
        await output.flush();
      }
      return 0;
    });
  },
};

const OPTIONS: readonly string[] = [
  'shell|s',
  'perl|p',
  'python',
  'tcl',
  'count=',
  'format=',
  'color?',
  'sort=',
  'points-at=',
  'merged~',
  'no-merged~',
  'contains~',
  'no-contains~',
  'ignore-case',
];

function countOf(options: GivenOptions): number | undefined {
  const text = options.value('count');
  if (text === undefined) return undefined;
  if (!/^-?\d+$/.test(text)) throw new UsageError("error: option `count' expects a numerical value");
  if (text.startsWith('-')) throw new UsageError(`error: invalid --count argument: \`${text}'`);
  return Number(text) || undefined;
}

async function filterOf(repository: Repository, options: GivenOptions): Promise<RefFilter> {
  const commits = (name: string): Promise<Oid[]> =>
    Promise.all(options.values(name).map((text) => findCommit(repository, name, text)));
  const pointsAt: Oid[] = [];
  for (const text of options.values('points-at')) {
    const oid = await findNamed(repository, text);
    if (oid === undefined) throw new UsageError(`error: malformed object name '${text}'`);
    pointsAt.push(oid);
  }
  return {
    patterns: options.positionals,
    ignoreCase: options.has('ignore-case'),
    pointsAt,
    contains: await commits('contains'),
    noContains: await commits('no-contains'),
    merged: await commits('merged'),
    noMerged: await commits('no-merged'),
  };
}

async function findCommit(repository: Repository, option: string, text: string): Promise<Oid> {
  const oid = await findNamed(repository, text);
  const isMerge = option.endsWith('merged');
  if (oid === undefined) {
    if (isMerge) throw new CommandError(`malformed object name ${text}`);
    throw new UsageError(`error: malformed object name ${text}`);
  }
  const commit = await peelTo(repository, oid, 'commit');
  if (commit !== undefined) return commit;
  throw new UsageError(isMerge ? `error: option \`${option}' must point to a commit` : `error: no such commit ${text}`);
}

/** One key to sort by. */
interface SortKey {
  readonly atom: Atom;
  readonly isReversed: boolean;
  readonly isVersion: boolean;
  readonly ignoreCase: boolean;
}

function parseSortKey(text: string, ignoreCase: boolean): SortKey {
  const [, minus, version, field] = /^(-)?(v(?:ersion)?:)?(.*)$/s.exec(text) as unknown as [
    string,
    string | undefined,
    string | undefined,
    string,
  ];
  return { atom: parseAtom(field), isReversed: minus !== undefined, isVersion: version !== undefined, ignoreCase };
}

interface SortedRef {
  readonly ref: ListedRef;
  readonly values: ReadonlyMap<string, AtomValue>;
}

/** The last key that was given counts first. */
async function sortRefs(
  refs: readonly ListedRef[],
  values: AtomValues,
  sorting: readonly SortKey[],
): Promise<SortedRef[]> {
  const entries: SortedRef[] = [];
  for (const ref of refs) entries.push({ ref, values: await values.of(ref) });
  const keys = [...sorting].reverse();
  const ignoreCase = keys[0]?.ignoreCase === true;
  return entries.sort((a, b) => {
    for (const key of keys) {
      const compared = compareBy(key, a.values, b.values);
      if (compared !== 0) return key.isReversed ? -compared : compared;
    }
    return compareText(
      Buffer.from(a.ref.name).toString('latin1'),
      Buffer.from(b.ref.name).toString('latin1'),
      ignoreCase,
    );
  });
}

function compareBy(
  { atom, isVersion, ignoreCase }: SortKey,
  a: ReadonlyMap<string, AtomValue>,
  b: ReadonlyMap<string, AtomValue>,
): number {
  const [valueA, valueB] = [a.get(atom.text) as AtomValue, b.get(atom.text) as AtomValue];
  if (isVersion) return compareVersions(valueA.text, valueB.text);
  return atom.order === 'text' ? compareText(valueA.text, valueB.text, ignoreCase) : valueA.number - valueB.number;
}

function compareText(a: string, b: string, ignoreCase: boolean): number {
  const fold = (text: string): string => (ignoreCase ? text.replace(/[A-Z]/g, (char) => char.toLowerCase()) : text);
  const [left, right] = [fold(a), fold(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

function uniqueAtoms(atoms: readonly Atom[]): Atom[] {
  return [...new Map(atoms.map((atom) => [atom.text, atom])).values()];
}
