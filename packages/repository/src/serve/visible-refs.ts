import type { Config } from '../config/config.js';
import type { RefEntry, RefName, RefStore, RefValue } from '../ref-store.js';

/** What of its refs a service keeps to itself. */
export interface RefVisibility {
  /**
   * Refs that are neither listed nor served nor pushed to: patterns of git's transfer.hideRefs, each the name of a ref or of what
   * lies before a slash in it. `!` in front shows again what an earlier pattern hides; the last one that matches decides. A `^`
   * (match the name with its namespace) is taken and changes nothing, as there are no namespaces here.
   * @see git-config(1), transfer.hideRefs
   */
  readonly hidden?: readonly string[];
}

/** What reads refs and changes none. */
export type RefReader = Pick<RefStore, 'read' | 'list' | 'snapshot'>;

/** Whether `patterns` hide the ref called `name`. A symbolic ref is hidden with what it points to: see {@link visibleRefs}. */
export function isRefHidden(name: RefName, patterns: readonly string[] = []): boolean {
  for (let at = patterns.length - 1; at >= 0; at--) {
    const pattern = patterns[at] as string;
    const isShown = pattern.startsWith('!');
    let start = isShown ? 1 : 0;
    if (pattern[start] === '^') start++;
    let end = pattern.length;
    while (end > start && pattern[end - 1] === '/') end--;
    const prefix = pattern.slice(start, end);
    if (name.startsWith(prefix) && (name.length === prefix.length || name[prefix.length] === '/')) return !isShown;
  }
  return false;
}

/** `refs` as somebody sees it from whom `hidden` refs are kept: they, and the symbolic refs to them, are not there. */
export function visibleRefs(refs: RefStore, { hidden = [] }: RefVisibility): RefReader {
  return hidden.length === 0 ? refs : new VisibleRefs(refs, hidden);
}

class VisibleRefs implements RefReader {
  readonly #refs: RefStore;
  readonly #hidden: readonly string[];

  constructor(refs: RefStore, hidden: readonly string[]) {
    this.#refs = refs;
    this.#hidden = hidden;
  }

  async read(name: RefName): Promise<RefValue | undefined> {
    const value = await this.#refs.read(name);
    return value !== undefined && this.#isVisible(name, value) ? value : undefined;
  }

  async *list(prefix: string): AsyncGenerator<RefEntry> {
    for await (const entry of this.#refs.list(prefix)) if (this.#isVisible(entry.name, entry.value)) yield entry;
  }

  async snapshot(names: readonly RefName[]): Promise<ReadonlyMap<RefName, RefValue>> {
    const found = await this.#refs.snapshot(names);
    return new Map([...found].filter(([name, value]) => this.#isVisible(name, value)));
  }

  #isVisible(name: RefName, value: RefValue): boolean {
    return !isRefHidden(name, this.#hidden) && !('target' in value && isRefHidden(value.target, this.#hidden));
  }
}

/** The patterns that git would hide refs of a repository by: transfer.hideRefs, and those of the one service, as they come. */
export function readHiddenRefs({ entries }: Pick<Config, 'entries'>, service: 'uploadpack' | 'receive'): string[] {
  return entries
    .filter(({ section, subsection, name }) => {
      return subsection === undefined && name === 'hiderefs' && (section === 'transfer' || section === service);
    })
    .flatMap(({ value }) => (value === undefined ? [] : [value]));
}
