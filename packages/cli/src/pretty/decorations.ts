import type { Oid } from '@git-kv/objects';
import { peelTag, type Repository, resolveRef } from '@git-kv/repository';

/** One name that stands beside a commit. */
interface Decoration {
  readonly name: string;
  readonly type: 'head' | 'tag' | 'branch' | 'other';
}

const PREFIXES: readonly (readonly [prefix: string, type: Decoration['type']])[] = [
  ['refs/heads/', 'branch'],
  ['refs/remotes/', 'other'],
  ['refs/stash', 'other'],
  ['refs/tags/', 'tag'],
];

/** The names of commits, as `git log --decorate` shows them. */
export class Decorations {
  readonly #names = new Map<Oid, Decoration[]>();
  readonly #isFull: boolean;
  #headTarget: string | undefined;

  private constructor(isFull: boolean) {
    this.#isFull = isFull;
  }

  static async read(repository: Repository, isFull: boolean): Promise<Decorations> {
    const decorations = new Decorations(isFull);
    await decorations.#read(repository);
    return decorations;
  }

  async #read({ refs, objects, shallow }: Repository): Promise<void> {
    for await (const { name, value } of refs.list('refs/')) {
      const type = PREFIXES.find(([prefix]) => (prefix.endsWith('/') ? name.startsWith(prefix) : name === prefix))?.[1];
      const oid = 'oid' in value ? value.oid : (await resolveRef(refs, name))?.oid;
      if (type === undefined || oid === undefined) continue;
      this.#add(oid, { name, type });
      const peeledOid = await peelTag(objects, oid);
      if (peeledOid !== undefined) this.#add(peeledOid, { name, type: 'tag' });
    }
    const head = await refs.read('HEAD');
    const resolved = head && (await resolveRef(refs, 'HEAD'));
    if (resolved?.oid !== undefined) {
      this.#add(resolved.oid, { name: 'HEAD', type: 'head' });
      if (head && 'target' in head) this.#headTarget = resolved.name;
    }
    for (const oid of await shallow.read()) this.#add(oid, { name: 'grafted', type: 'other' });
  }

  /** What came last is shown first. */
  #add(oid: Oid, decoration: Decoration): void {
    const names = this.#names.get(oid);
    if (names) names.unshift(decoration);
    else this.#names.set(oid, [decoration]);
  }

  /** The names of a commit, with `before` and `after` around them where there are any. */
  show(oid: Oid, before: string, after: string): string {
    const names = this.#names.get(oid);
    if (names === undefined) return '';
    const hasHead = names.some(({ type }) => type === 'head');
    const current = hasHead
      ? names.find(({ name, type }) => type === 'branch' && name === this.#headTarget)
      : undefined;
    const shown: string[] = [];
    for (const decoration of names) {
      if (decoration === current) continue;
      const text = `${decoration.type === 'tag' ? 'tag: ' : ''}${this.#short(decoration.name)}`;
      shown.push(decoration.type === 'head' && current ? `${text} -> ${this.#short(current.name)}` : text);
    }
    return before + Buffer.from(shown.join(', ')).toString('latin1') + after;
  }

  #short(name: string): string {
    return this.#isFull ? name : name.replace(/^refs\/(?:heads|tags|remotes)\//, '');
  }
}
