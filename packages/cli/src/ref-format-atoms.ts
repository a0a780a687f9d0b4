import { CommandError } from './console.js';
import { type DateFormatter, dateFormatter } from './date-format.js';

/** What a field of a ref is made from. `none`: its name; `head`: kind and size of the object; `object`: what is in it. */
export type AtomSource = 'none' | 'head' | 'object';

/** How atoms compare when they are sorted by. */
export type AtomOrder = 'text' | 'number' | 'time';

/** One `%(...)`, checked. */
export interface Atom {
  /** As it is written: two that are alike have one value. */
  readonly text: string;
  readonly name: string;
  /** Of the object that a tag points to. */
  readonly isDereferenced: boolean;
  readonly source: AtomSource;
  readonly order: AtomOrder;
  readonly argument: string | undefined;
  /** For dates. */
  readonly formatDate?: DateFormatter;
  /** For `align`. */
  readonly align?: Alignment;
}

/** Where text stands in a column, in characters of one cell. */
export interface Alignment {
  readonly position: 'left' | 'middle' | 'right';
  readonly width: number;
}

/** Fields by name, with where they are from and how they compare. */
const ATOMS: ReadonlyMap<string, readonly [source: AtomSource, order: AtomOrder]> = new Map<
  string,
  readonly [AtomSource, AtomOrder]
>([
  ...['refname', 'objectname', 'symref', 'HEAD', 'color', 'align', 'end', 'if', 'then', 'else'].map(
    (name) => [name, ['none', 'text']] as const,
  ),
  ...['tree', 'parent', 'object', 'type', 'tag', 'subject', 'body', 'contents', 'raw', 'creator'].map(
    (name) => [name, ['object', 'text']] as const,
  ),
  ...['author', 'committer', 'tagger'].flatMap((who) =>
    ['', 'name', 'email'].map((part) => [who + part, ['object', 'text']] as const),
  ),
  ...['author', 'committer', 'tagger', 'creator'].map((who) => [`${who}date`, ['object', 'time']] as const),
  ['numparent', ['object', 'number']],
  ['objecttype', ['head', 'text']],
  ['objectsize', ['head', 'number']],
]);
/** git's, that this does not have. */
const UNSUPPORTED = ['deltabase', 'trailers', 'push', 'upstream', 'flag', 'worktreepath'];

/** Read what stands between `%(` and `)`, or a key to sort by. @throws {CommandError} in git's words */
export function parseAtom(text: string): Atom {
  const isDereferenced = text.startsWith('*');
  const rest = isDereferenced ? text.slice(1) : text;
  if (rest === '') throw new CommandError(`malformed field name: ${text}`);
  const colon = rest.indexOf(':');
  const name = colon < 0 ? rest : rest.slice(0, colon);
  const argument = colon < 0 ? undefined : rest.slice(colon + 1) || undefined;
  if (UNSUPPORTED.includes(name)) throw new CommandError(`the field %(${name}) is not supported`);
  const [source, order] = ATOMS.get(name) ?? [];
  if (source === undefined || order === undefined) {
    if (name === 'rest') throw new CommandError(`this command reject atom %(${text})`);
    throw new CommandError(`unknown field name: ${text}`);
  }
  checkArgument(name, text, argument);
  return {
    text,
    name,
    isDereferenced,
    source: name === 'objectname' && isDereferenced ? 'object' : source,
    order,
    argument,
    ...(order === 'time' && { formatDate: dateFormatter(argument) }),
    ...(name === 'align' && { align: parseAlignment(argument) }),
  };
}

function checkArgument(name: string, text: string, argument: string | undefined): void {
  const unrecognized = (of = name): never => {
    throw new CommandError(`unrecognized %(${of}) argument: ${argument}`);
  };
  switch (name) {
    case 'refname':
    case 'symref':
      checkStripping(argument, () => unrecognized(text));
      return;
    case 'objectname':
    case 'tree':
    case 'parent':
      checkLength(text, argument, () => unrecognized(text));
      return;
    case 'objecttype':
    case 'body':
      if (argument !== undefined) throw new CommandError(`%(${name}) does not take arguments`);
      return;
    case 'objectsize':
      if (argument === 'disk') throw new CommandError('the field %(objectsize:disk) is not supported');
      if (argument !== undefined) unrecognized();
      return;
    case 'subject':
      if (argument !== undefined && argument !== 'sanitize') unrecognized();
      return;
    case 'raw':
      if (argument !== undefined && argument !== 'size') unrecognized();
      return;
    case 'contents':
      checkContents(argument, unrecognized);
      return;
    case 'authoremail':
    case 'committeremail':
    case 'taggeremail':
      if (argument !== undefined && argument !== 'trim' && argument !== 'localpart')
        throw new CommandError(`unrecognized email option: ${argument}`);
      return;
    case 'if':
      if (argument !== undefined && !/^(?:not)?equals=/.test(argument)) unrecognized();
      return;
    case 'color':
      checkColor(argument);
      return;
  }
}

function checkStripping(argument: string | undefined, unrecognized: () => never): void {
  if (argument === undefined || argument === 'short') return;
  const [, kind, count] = /^(lstrip|strip|rstrip)=(.*)$/s.exec(argument) ?? [];
  if (kind === undefined) unrecognized();
  if (!/^[+-]?\d+$/.test(count ?? '')) {
    const shown = kind === 'rstrip' ? 'rstrip' : 'lstrip';
    throw new CommandError(`Integer value expected refname:${shown}=${count}`);
  }
}

function checkLength(text: string, argument: string | undefined, unrecognized: () => never): void {
  if (argument === undefined || argument === 'short') return;
  const [, digits] = /^short=(.*)$/s.exec(argument) ?? [];
  if (digits === undefined) unrecognized();
  if (!/^\d+$/.test(digits ?? '') || Number(digits) === 0)
    throw new CommandError(`positive value expected '${digits}' in %(${text})`);
}

function checkContents(argument: string | undefined, unrecognized: () => never): void {
  if (argument === undefined || ['body', 'size', 'signature', 'subject'].includes(argument)) return;
  if (/^trailers(?::|$)/.test(argument)) throw new CommandError('the field %(contents:trailers) is not supported');
  const [, count] = /^lines=(.*)$/s.exec(argument) ?? [];
  if (count === undefined) unrecognized();
  if (!/^\d+$/.test(count ?? '')) throw new CommandError(`positive value expected contents:lines=${count}`);
}

const COLOR_WORD =
  /^(?:reset|normal|default|-1|\d{1,3}|#[0-9a-f]{6}|(?:bright)?(?:black|red|green|yellow|blue|magenta|cyan|white)|(?:no-?)?(?:bold|dim|italic|ul|blink|reverse|strike))$/i;

/** Nothing is printed in colour, but what is no colour is refused all the same. */
function checkColor(argument: string | undefined): void {
  if (argument === undefined) throw new CommandError('expected format: %(color:<color>)');
  const words = argument.split(/\s+/).filter((word) => word !== '');
  if (!words.every((word) => COLOR_WORD.test(word))) throw new CommandError(`unrecognized color: %(color:${argument})`);
}

function parseAlignment(argument: string | undefined): Alignment {
  if (argument === undefined) throw new CommandError('expected format: %(align:<width>,<position>)');
  let position: Alignment['position'] = 'left';
  let width: number | undefined;
  for (const part of argument.split(',')) {
    const [, key, value = part] = /^(position|width)=(.*)$/s.exec(part) ?? [];
    if (key !== 'position' && /^\d+$/.test(value)) width = Number(value);
    else if (key !== 'width' && (value === 'left' || value === 'middle' || value === 'right')) position = value;
    else if (key !== undefined) throw new CommandError(`unrecognized ${key}:${value}`);
    else throw new CommandError(`unrecognized %(align) argument: ${part}`);
  }
  if (width === undefined) throw new CommandError('positive width expected with the %(align) atom');
  return { position, width };
}
