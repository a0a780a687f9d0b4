import { decodeLatin1, encodeUtf8 } from '@git-kv/objects';
import { CommandError, UsageError } from './console.js';
import { type Alignment, type Atom, parseAtom } from './ref-format-atoms.js';
import type { AtomValue } from './ref-format-values.js';

/** For which language values are quoted. */
export type QuoteStyle = 'none' | 'shell' | 'perl' | 'python' | 'tcl';

/** A format that prints refs, one a line. Text is bytes, one character each. */
export interface RefFormat {
  readonly parts: readonly (string | Atom)[];
  readonly style: QuoteStyle;
}

/**
 * Read a format of `git for-each-ref`: text, `%(field)`, `%%` for a per-cent sign, `%xx` for a byte.
 * @throws {CommandError} in git's words
 */
export function parseRefFormat(text: string, style: QuoteStyle): RefFormat {
  const parts: (string | Atom)[] = [];
  for (const match of decodeLatin1(encodeUtf8(text)).matchAll(
    /%%|%\(([^)]*)\)|(%\([\s\S]*)|%([0-9a-fA-F]{2})|[^%]+|%/g,
  )) {
    const [all, field, unended, hex] = match;
    if (unended !== undefined) throw new UsageError(`error: malformed format string ${unended}`);
    if (field !== undefined) parts.push(parseField(field, style));
    else if (hex !== undefined) parts.push(String.fromCharCode(Number.parseInt(hex, 16)));
    else parts.push(all === '%%' ? '%' : all);
  }
  return { parts, style };
}

function parseField(field: string, style: QuoteStyle): Atom {
  const atom = parseAtom(new TextDecoder().decode(Uint8Array.from(field, (char) => char.charCodeAt(0))));
  if (atom.name === 'raw' && atom.argument === undefined && ['python', 'shell', 'tcl'].includes(style))
    throw new CommandError(`--format=${atom.text} cannot be used with --python, --shell, --tcl`);
  return atom;
}

/** What `%(align)` or `%(if)` began and `%(end)` ends. */
type Block =
  | { readonly kind: 'align'; readonly alignment: Alignment }
  | {
      readonly kind: 'if';
      readonly condition: string | undefined;
      hasThen: boolean;
      hasElse: boolean;
      isTrue: boolean;
    };

interface Frame {
  output: string;
  readonly block: Block | undefined;
}

/** Print one ref. @throws {CommandError} in git's words where blocks do not fit into each other */
export function renderRef({ parts, style }: RefFormat, values: ReadonlyMap<string, AtomValue>): string {
  const frames: Frame[] = [{ output: '', block: undefined }];
  for (const part of parts) {
    const top = frames.at(-1) as Frame;
    if (typeof part === 'string') top.output += part;
    else if (part.name === 'align') frames.push(alignFrame(part));
    else if (part.name === 'if') frames.push(ifFrame(part));
    else if (part.name === 'then') enterThen(top);
    else if (part.name === 'else') frames.push(enterElse(top));
    else if (part.name === 'end') endBlock(frames, style);
    else {
      const text = values.get(part.text)?.text ?? '';
      // Within a block, all of it is quoted when it ends.
      top.output += frames.length === 1 ? quoted(text, style) : text;
    }
  }
  if (frames.length > 1) throw new CommandError('format: %(end) atom missing');
  return (frames[0] as Frame).output;
}

function alignFrame({ align }: Atom): Frame {
  return { output: '', block: { kind: 'align', alignment: align as Alignment } };
}

function ifFrame({ argument }: Atom): Frame {
  return { output: '', block: { kind: 'if', condition: argument, hasThen: false, hasElse: false, isTrue: false } };
}

function enterThen(top: Frame): void {
  const { block } = top;
  if (block?.kind !== 'if') throw new CommandError('format: %(then) atom used without a %(if) atom');
  if (block.hasThen) throw new CommandError('format: %(then) atom used more than once');
  if (block.hasElse) throw new CommandError('format: %(then) atom used after %(else)');
  block.hasThen = true;
  const [, not, wanted] = /^(not)?equals=(.*)$/s.exec(block.condition ?? '') ?? [];
  if (wanted === undefined) block.isTrue = /[^ \t\n\v\f\r]/.test(top.output);
  else block.isTrue = (top.output === decodeLatin1(encodeUtf8(wanted))) === (not === undefined);
  top.output = '';
}

function enterElse({ block }: Frame): Frame {
  if (block?.kind !== 'if') throw new CommandError('format: %(else) atom used without a %(if) atom');
  if (!block.hasThen) throw new CommandError('format: %(else) atom used without a %(then) atom');
  if (block.hasElse) throw new CommandError('format: %(else) atom used more than once');
  block.hasElse = true;
  return { output: '', block };
}

function endBlock(frames: Frame[], style: QuoteStyle): void {
  const last = frames.pop() as Frame;
  const { block } = last;
  if (block === undefined) throw new CommandError('format: %(end) atom used without corresponding atom');
  let { output } = last;
  if (block.kind === 'align') output = aligned(output, block.alignment);
  else {
    if (!block.hasThen) throw new CommandError('format: %(if) atom used without a %(then) atom');
    const whenTrue = block.hasElse ? (frames.pop() as Frame).output : output;
    const whenFalse = block.hasElse ? output : '';
    output = block.isTrue ? whenTrue : whenFalse;
  }
  (frames.at(-1) as Frame).output += frames.length === 1 ? quoted(output, style) : output;
}

function quoted(text: string, style: QuoteStyle): string {
  switch (style) {
    case 'none':
      return text;
    case 'shell':
      return `'${text.replace(/['!]/g, "'\\$&'")}'`;
    case 'perl':
      return `'${text.replace(/['\\]/g, '\\$&')}'`;
    case 'python':
      return `'${text.replace(/['\\]/g, '\\$&').replaceAll('\n', '\\n')}'`;
    case 'tcl':
      return `"${text.replace(/[[\]{}$\\"]/g, '\\$&').replace(/[\f\r\n\t\v]/g, (char) => TCL_ESCAPES[char] as string)}"`;
  }
}

const TCL_ESCAPES: Readonly<Record<string, string>> = {
  '\f': '\\f',
  '\r': '\\r',
  '\n': '\\n',
  '\t': '\\t',
  '\v': '\\v',
};

function aligned(text: string, { position, width }: Alignment): string {
  const missing = width - displayWidth(text);
  if (missing <= 0) return text;
  if (position === 'left') return text + ' '.repeat(missing);
  if (position === 'right') return ' '.repeat(missing) + text;
  const left = Math.floor(missing / 2);
  return ' '.repeat(left) + text + ' '.repeat(missing - left);
}

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u;

/** Cells that a terminal needs for these bytes; where they are no UTF-8, one each. */
function displayWidth(bytes: string): number {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(bytes, (char) => char.charCodeAt(0)));
  } catch {
    return bytes.length;
  }
  let width = 0;
  for (const char of text) if (!/\p{Mn}|\p{Me}|\p{Cf}|\p{Cc}/u.test(char)) width += WIDE.test(char) ? 2 : 1;
  return width;
}
