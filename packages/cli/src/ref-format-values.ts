import { decodeLatin1, encodeUtf8, type ObjectKind, type Oid, parseCommitLinks, parseTagLinks } from '@git-kv/objects';
import { Abbreviations, type Repository, resolveRef, shortenRefName } from '@git-kv/repository';
import { CommandError } from './console.js';
import { type MessageParts, messageParts, oneLine, sanitized } from './message-parts.js';
import type { Atom } from './ref-format-atoms.js';

/** A ref of a listing, followed to the end. */
export interface ListedRef {
  readonly name: string;
  readonly oid: Oid;
  readonly isSymbolic: boolean;
}

/** What an atom comes to: bytes as one character each, and what it sorts by where that is a number. */
export interface AtomValue {
  readonly text: string;
  readonly number: number;
}

const EMPTY: AtomValue = { text: '', number: 0 };

/** An object whose fields are asked for. */
interface Subject {
  readonly oid: Oid;
  readonly kind: ObjectKind;
  readonly size: number;
  /** Only where it was asked for. */
  readonly body: Uint8Array | undefined;
  text?: string;
  parts?: MessageParts;
}

/** Computes what atoms come to, for one ref after the other. */
export class AtomValues {
  readonly #repository: Repository;
  readonly #atoms: readonly Atom[];
  readonly #needsObject: boolean;
  readonly #needsHead: boolean;
  readonly #needsTarget: boolean;
  readonly #abbreviations = new Map<number, Abbreviations>();
  #headName: string | undefined;

  private constructor(repository: Repository, atoms: readonly Atom[]) {
    this.#repository = repository;
    this.#atoms = atoms;
    this.#needsTarget = atoms.some(({ isDereferenced }) => isDereferenced);
    this.#needsObject = this.#needsTarget || atoms.some(({ source }) => source === 'object');
    this.#needsHead = this.#needsObject || atoms.some(({ source }) => source === 'head');
  }

  static async open(repository: Repository, atoms: readonly Atom[]): Promise<AtomValues> {
    const values = new AtomValues(repository, atoms);
    if (atoms.some(({ name }) => name === 'HEAD')) {
      const head = await resolveRef(repository.refs, 'HEAD');
      values.#headName = head?.oid === undefined ? undefined : head.name;
    }
    return values;
  }

  /** The values of all atoms for this ref, by their text. @throws {CommandError} where an object is missing */
  async of(ref: ListedRef): Promise<ReadonlyMap<string, AtomValue>> {
    const subject = this.#needsHead ? await this.#read(ref.oid, ref.name, this.#needsObject) : undefined;
    const targetOid =
      this.#needsTarget && subject?.kind === 'tag' && subject.body ? parseTagLinks(subject.body).targetOid : undefined;
    const target = targetOid === undefined ? undefined : await this.#read(targetOid, ref.name, true);
    const values = new Map<string, AtomValue>();
    for (const atom of this.#atoms)
      values.set(atom.text, await this.#value(atom, ref, atom.isDereferenced ? target : subject));
    return values;
  }

  async #read(oid: Oid, name: string, isWhole: boolean): Promise<Subject> {
    const { objects } = this.#repository;
    if (isWhole) {
      const object = await objects.read(oid);
      if (object) return { oid, kind: object.kind, size: object.body.length, body: object.body };
    } else {
      const stat = await objects.stat(oid);
      if (stat) return { oid, ...stat, body: undefined };
    }
    throw new CommandError(`missing object ${oid} for ${name}`);
  }

  async #value(atom: Atom, ref: ListedRef, subject: Subject | undefined): Promise<AtomValue> {
    if (atom.source === 'none') return textValue(await this.#plainValue(atom, ref));
    if (subject === undefined) return EMPTY;
    switch (atom.name) {
      case 'objecttype':
        return textValue(subject.kind);
      case 'objectsize':
        return numberValue(subject.size);
      case 'objectname':
        return textValue(await this.#oid(atom, subject.oid));
      case 'raw':
        return atom.argument === 'size' ? numberValue(subject.size) : textValue(textOf(subject));
      case 'tree':
      case 'parent':
      case 'numparent':
        return await this.#commitValue(atom, subject);
      case 'object':
      case 'type':
      case 'tag':
        return tagValue(atom, subject);
      case 'subject':
      case 'body':
      case 'contents':
        return messageValue(atom, subject);
      default:
        return personValue(atom, subject);
    }
  }

  async #plainValue(atom: Atom, ref: ListedRef): Promise<string> {
    const suffix = atom.isDereferenced ? '^{}' : '';
    switch (atom.name) {
      case 'refname':
        return bytesOf((await this.#refName(atom, ref.name)) + suffix);
      case 'symref': {
        const target = ref.isSymbolic ? (await resolveRef(this.#repository.refs, ref.name))?.name : undefined;
        return bytesOf((target === undefined ? '' : await this.#refName(atom, target)) + suffix);
      }
      case 'objectname':
        return await this.#oid(atom, ref.oid);
      case 'HEAD':
        return ref.name === this.#headName ? '*' : ' ';
      default:
        return '';
    }
  }

  async #refName({ argument }: Atom, name: string): Promise<string> {
    if (argument === undefined) return name;
    if (argument === 'short') return await shortenRefName(this.#repository.refs, name, true);
    const [, side, digits] = /^(lstrip|strip|rstrip)=(.*)$/s.exec(argument) as unknown as [string, string, string];
    const parts = name.split('/');
    const count = Number(digits) < 0 ? Math.max(parts.length + Number(digits), 0) : Number(digits);
    return (side === 'rstrip' ? parts.slice(0, Math.max(parts.length - count, 0)) : parts.slice(count)).join('/');
  }

  async #oid({ argument }: Atom, oid: Oid): Promise<string> {
    if (argument === undefined) return oid;
    const length = argument === 'short' ? 0 : Number(argument.slice('short='.length));
    let abbreviations = this.#abbreviations.get(length);
    if (abbreviations === undefined) {
      abbreviations = await Abbreviations.open(this.#repository.objects, length === 0 ? {} : { length });
      this.#abbreviations.set(length, abbreviations);
    }
    return await abbreviations.shorten(oid);
  }

  async #commitValue(atom: Atom, subject: Subject): Promise<AtomValue> {
    if (subject.kind !== 'commit' || subject.body === undefined) return EMPTY;
    const { treeOid, parentOids } = parseCommitLinks(subject.body);
    if (atom.name === 'tree') return textValue(await this.#oid(atom, treeOid));
    const shallow = await this.#repository.shallow.read();
    const parents = shallow.has(subject.oid) ? [] : parentOids;
    if (atom.name === 'numparent') return numberValue(parents.length);
    const shown: string[] = [];
    for (const oid of parents) shown.push(await this.#oid(atom, oid));
    return textValue(shown.join(' '));
  }
}

function tagValue({ name }: Atom, subject: Subject): AtomValue {
  if (subject.kind !== 'tag' || subject.body === undefined) return EMPTY;
  if (name === 'tag') return textValue(/^tag (.*)$/m.exec(textOf(subject))?.[1] ?? '');
  const { targetOid, targetKind } = parseTagLinks(subject.body);
  return textValue(name === 'object' ? targetOid : targetKind);
}

function messageValue({ name, argument }: Atom, subject: Subject): AtomValue {
  if (subject.kind !== 'commit' && subject.kind !== 'tag') return EMPTY;
  subject.parts ??= messageParts(textOf(subject));
  const { parts } = subject;
  if (name === 'body') return textValue(parts.body);
  if (name === 'subject' && argument === 'sanitize') return textValue(sanitized(parts.subject));
  if (name === 'subject' || argument === 'subject') return textValue(oneLine(parts.subject));
  switch (argument) {
    case undefined:
      return textValue(parts.contents);
    case 'body':
      return textValue(parts.unsignedBody);
    case 'size':
      return numberValue(parts.contents.length);
    case 'signature':
      return textValue(parts.signature);
    default: {
      const lines = parts.unsigned.split('\n');
      if (lines.at(-1) === '') lines.pop();
      return textValue(lines.slice(0, Number(argument.slice('lines='.length))).join('\n    '));
    }
  }
}

/** Author, committer and tagger: whole, or their name, address and date; and who made the object. */
function personValue({ name, argument, formatDate }: Atom, subject: Subject): AtomValue {
  const [, who, part] = /^(author|committer|tagger|creator)(name|email|date)?$/.exec(name) as unknown as [
    string,
    string,
    string | undefined,
  ];
  const isTag = subject.kind === 'tag';
  if (subject.kind !== 'commit' && !isTag) return EMPTY;
  const header = who === 'creator' ? (isTag ? 'tagger' : 'committer') : who;
  if ((header === 'tagger') !== isTag) return EMPTY;
  const line = headerLine(textOf(subject), header);
  if (part === undefined) return textValue(line);
  if (part === 'name') return textValue(/^(.*?) </.exec(line)?.[1] ?? '');
  if (part === 'email') return textValue(emailOf(line, argument));
  const [, seconds, zone] = /> (\d+)\s*([+-]?\d*)/.exec(line) ?? [];
  if (seconds === undefined || formatDate === undefined) return EMPTY;
  const timestamp = Number(seconds);
  return { text: bytesOf(formatDate({ timestamp, zone: Number(zone) || 0 })), number: timestamp };
}

function headerLine(text: string, header: string): string {
  for (const line of (text.split('\n\n', 1)[0] as string).split('\n'))
    if (line.startsWith(`${header} `)) return line.slice(header.length + 1);
  return '';
}

function emailOf(line: string, argument: string | undefined): string {
  const start = line.indexOf('<');
  if (start < 0) return '';
  const end = line.indexOf('>', start);
  if (argument === undefined) return end < 0 ? '' : line.slice(start, end + 1);
  const at = argument === 'localpart' ? line.indexOf('@', start) : -1;
  const stop = at < 0 ? end : at;
  return stop < 0 ? '' : line.slice(start + 1, stop);
}

function textOf(subject: Subject): string {
  subject.text ??= decodeLatin1(subject.body as Uint8Array);
  return subject.text;
}

function bytesOf(text: string): string {
  return decodeLatin1(encodeUtf8(text));
}

function textValue(text: string): AtomValue {
  return { text, number: 0 };
}

function numberValue(number: number): AtomValue {
  return { text: String(number), number };
}
