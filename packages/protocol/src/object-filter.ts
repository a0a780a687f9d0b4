import {
  decodeUtf8,
  encodeUtf8,
  GitError,
  isObjectKind,
  LimitError,
  MalformedError,
  type ObjectKind,
} from '@git-kv/objects';

/**
 * Which objects a partial clone takes. Commits and annotated tags are taken by all of these but `object:type`, and what is asked
 * for by its own id is taken by all.
 */
export type ObjectFilter =
  /** No blobs. */
  | { readonly kind: 'blob:none' }
  /** Blobs of fewer than `bytes` bytes. */
  | { readonly kind: 'blob:limit'; readonly bytes: number }
  /** Trees and blobs fewer than `depth` levels below a root tree; 0: none, 1: root trees only. */
  | { readonly kind: 'tree'; readonly depth: number }
  /** Objects of one type. */
  | { readonly kind: 'object:type'; readonly type: ObjectKind }
  /** What every one of `filters` takes. */
  | { readonly kind: 'combine'; readonly filters: readonly ObjectFilter[] };

/** The name of a filter, as git's uploadpackfilter.NAME.allow has it. */
export type ObjectFilterKind = ObjectFilter['kind'];

const FORMAT = 'object filter';

/** Filters within filters. */
const MAX_NESTING = 32;

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

/** What must be escaped in a part of a combination, besides white space and controls. */
const RESERVED = /[~`!@#$^&*()[\]{}\\;'",<>?]/;

/**
 * Parse a filter as git spells it.
 *
 *     filter  = "blob:none" | "blob:limit=" size | "tree:" size | "object:type=" kind | "combine:" filter *("+" filter)
 *     size    = number ["k" | "m" | "g"]             ; decimal, 0x hexadecimal or 0 octal
 *     kind    = "commit" | "tree" | "blob" | "tag"
 *
 * In a part of a combination `%xx` stands for a byte; `+`, `%` and what a shell takes for something else are so escaped.
 * @throws {MalformedError} for what is no filter; {GitError} UNSUPPORTED for `sparse:oid` and `sparse:path`; {LimitError}
 * @see git-rev-list(1), "--filter"
 */
export function parseObjectFilter(text: string): ObjectFilter {
  return parseFilter(text, 0);
}

function parseFilter(text: string, nesting: number): ObjectFilter {
  if (nesting > MAX_NESTING) throw new LimitError('filterNesting', nesting, MAX_NESTING);
  if (text === 'blob:none') return { kind: 'blob:none' };
  const [, name = '', value = ''] =
    /^(blob:limit=|tree:|object:type=|combine:|sparse:oid=|sparse:path=)(.*)$/s.exec(text) ?? [];
  if (name === 'blob:limit=') {
    const bytes = parseSize(value);
    if (bytes !== undefined) return { kind: 'blob:limit', bytes };
  } else if (name === 'tree:') {
    const depth = parseSize(value);
    if (depth !== undefined) return { kind: 'tree', depth };
    throw malformed(name.length, "expected 'tree:<depth>'");
  } else if (name === 'object:type=') {
    if (isObjectKind(value)) return { kind: 'object:type', type: value };
    throw malformed(name.length, `'${shown(value)}' for 'object:type=<type>' is not a valid object type`);
  } else if (name === 'combine:') {
    if (value === '') throw malformed(name.length, 'expected something after combine:');
    return { kind: 'combine', filters: value.split('+').map((part) => parsePart(part, nesting + 1)) };
  } else if (name !== '') {
    throw new GitError('UNSUPPORTED', `Cannot filter by ${name.slice(0, -1)}: it is not supported`);
  }
  throw malformed(0, `invalid filter-spec '${shown(text)}'`);
}

function parsePart(part: string, nesting: number): ObjectFilter {
  for (const character of part) {
    if (character > ' ' && character <= '\x7f' && !RESERVED.test(character)) continue;
    throw malformed(0, `must escape char in sub-filter-spec: '${character}'`);
  }
  return parseFilter(unescapePart(part), nesting);
}

/** `%xx` as bytes; a per cent sign before anything else stands for itself. */
function unescapePart(part: string): string {
  const bytes: number[] = [];
  for (const piece of part.split(/(%[0-9a-fA-F]{2})/)) {
    if (/^%[0-9a-fA-F]{2}$/.test(piece)) bytes.push(Number.parseInt(piece.slice(1), 16));
    else bytes.push(...encodeUtf8(piece));
  }
  return decodeUtf8(Uint8Array.from(bytes));
}

/** A number as git's configuration has them, or `undefined`. */
function parseSize(text: string): number | undefined {
  const [, digits = '', unit = ''] = /^(0[xX][0-9a-fA-F]+|[0-9]+)([kmgKMG]?)$/.exec(text) ?? [];
  const isOctal = /^0[0-9]/.test(digits);
  if (digits === '' || (isOctal && /[89]/.test(digits))) return undefined;
  const value = (isOctal ? Number.parseInt(digits, 8) : Number(digits)) * (UNITS[unit.toLowerCase()] as number);
  return value < 2 ** 64 ? Math.min(value, Number.MAX_SAFE_INTEGER) : undefined;
}

/** The filter in git's spelling, sizes in plain digits: what git itself sends. */
export function serializeObjectFilter(filter: ObjectFilter): string {
  switch (filter.kind) {
    case 'blob:none':
      return filter.kind;
    case 'blob:limit':
      return `blob:limit=${filter.bytes}`;
    case 'tree':
      return `tree:${filter.depth}`;
    case 'object:type':
      return `object:type=${filter.type}`;
    case 'combine':
      return `combine:${filter.filters.map((part) => escapePart(serializeObjectFilter(part))).join('+')}`;
  }
}

function escapePart(text: string): string {
  // Only ASCII comes out of the filters that there are.
  return text.replace(/[%+]/g, (character) => `%${character.charCodeAt(0).toString(16)}`);
}

function malformed(offset: number, problem: string): MalformedError {
  return new MalformedError(FORMAT, offset, problem);
}

function shown(text: string): string {
  return text.slice(0, 200);
}
