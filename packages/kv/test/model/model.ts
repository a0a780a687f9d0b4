import type { Permissions } from '../../src/index.js';

/** One write. Paths have no slash at their start; the empty one is the root. */
export type Write =
  | { readonly kind: 'set'; readonly path: string; readonly value: string; readonly permissions?: Permissions }
  | { readonly kind: 'setPartial'; readonly path: string; readonly offset: number; readonly value: string }
  | { readonly kind: 'allocate'; readonly path: string; readonly size: number }
  | { readonly kind: 'remove'; readonly path: string }
  | { readonly kind: 'rename'; readonly source: string; readonly destination: string };

interface ModelValue {
  readonly value: string;
  readonly permissions: Permissions;
}

/** What a store holds and does, in the plainest way: values by whole path. */
export class Model {
  readonly values: Map<string, ModelValue>;

  constructor(values: ReadonlyMap<string, ModelValue> = new Map()) {
    this.values = new Map(values);
  }

  copy(): Model {
    return new Model(this.values);
  }

  /** The whole state as text: equal for equal states. */
  toString(): string {
    return JSON.stringify([...this.values].sort(([one], [other]) => (one < other ? -1 : 1)));
  }

  kindOf(path: string): 'value' | 'dictionary' | 'link' | undefined {
    const found = this.values.get(path);
    if (found !== undefined) return found.permissions === 'link' ? 'link' : 'value';
    return path === '' || this.#below(path).length > 0 ? 'dictionary' : undefined;
  }

  /** `kind path` of what is directly in a dictionary, sorted. */
  list(path: string): string[] {
    const names = new Set<string>();
    for (const below of this.#below(path)) {
      const [name = '', rest] = below.slice(path === '' ? 0 : path.length + 1).split(/\/(.*)/s);
      const child = path === '' ? name : `${path}/${name}`;
      if (rest !== undefined) names.add(`dictionary /${child}`);
      else if (this.kindOf(child) === 'value') names.add(`value /${child}`);
    }
    return [...names].sort();
  }

  /** Do it, or say with which code it is refused. */
  write(write: Write): string | undefined {
    switch (write.kind) {
      case 'set':
        return this.#set(write.path, write.value, write.permissions);
      case 'setPartial': {
        const kind = this.kindOf(write.path);
        if (kind === 'dictionary' || kind === 'link') return 'VALUE_EXPECTED';
        const old = this.values.get(write.path)?.value ?? '';
        const head = old.slice(0, write.offset).padEnd(write.offset, '\0');
        return this.#set(write.path, head + write.value + old.slice(write.offset + write.value.length), undefined);
      }
      case 'allocate':
        if (this.kindOf(write.path) !== undefined) return 'ALREADY_PRESENT';
        return this.#set(write.path, '\0'.repeat(write.size), undefined);
      case 'remove':
        if (write.path === '') return 'INVALID_KEY';
        this.values.delete(write.path);
        for (const below of this.#below(write.path)) this.values.delete(below);
        return undefined;
      case 'rename':
        return this.#rename(write.source, write.destination);
    }
  }

  #set(path: string, value: string, permissions: Permissions | undefined): string | undefined {
    if (this.kindOf(path) === 'dictionary') return 'VALUE_EXPECTED';
    if (this.#isBelowValue(path)) return 'DICTIONARY_EXPECTED';
    const old = this.values.get(path)?.permissions;
    this.values.set(path, { value, permissions: permissions ?? (old === 'link' ? undefined : old) ?? 'normal' });
    return undefined;
  }

  #rename(source: string, destination: string): string | undefined {
    const kind = this.kindOf(source);
    if (kind === undefined) return 'KEY_NOT_FOUND';
    const isInItself = source === '' || `${destination}/`.startsWith(`${source}/`);
    if (kind === 'dictionary' && isInItself) return 'RENAME_SOURCE_PREFIX';
    const name = source.split('/').at(-1) ?? '';
    const isInside = this.kindOf(destination) === 'dictionary';
    const target = isInside ? (destination === '' ? name : `${destination}/${name}`) : destination;
    if (target === source) return undefined;
    const there = this.kindOf(target);
    if (there === 'dictionary') return 'ALREADY_PRESENT';
    if (there !== undefined && kind === 'dictionary') return 'VALUE_EXPECTED';
    if (this.#isBelowValue(target)) return 'DICTIONARY_EXPECTED';
    const moved = kind === 'dictionary' ? this.#below(source) : [source];
    for (const path of moved) {
      const value = this.values.get(path);
      this.values.delete(path);
      if (value !== undefined) this.values.set(target + path.slice(source.length), value);
    }
    return undefined;
  }

  #below(path: string): string[] {
    return [...this.values.keys()].filter((other) => path === '' || other.startsWith(`${path}/`));
  }

  #isBelowValue(path: string): boolean {
    return [...this.values.keys()].some((other) => path.startsWith(`${other}/`));
  }
}

/** `kind path` of every value that differs between two states, sorted; links count as absent, permissions do not count. */
export function changesBetween(before: Model, after: Model): string[] {
  const changes: string[] = [];
  for (const path of new Set([...before.values.keys(), ...after.values.keys()])) {
    const valueIn = (model: Model): string | undefined =>
      model.kindOf(path) === 'value' ? model.values.get(path)?.value : undefined;
    const [one, other] = [valueIn(before), valueIn(after)];
    if (one === other) continue;
    changes.push(`${one === undefined ? 'add' : other === undefined ? 'remove' : 'change'} /${path}`);
  }
  return changes.sort();
}

/**
 * What both sides made of `base`, key by key; `undefined` where they are in conflict. Where content and permissions were changed
 * apart, both hold.
 */
export function mergeModels(base: Model, ours: Model, theirs: Model): Model | undefined {
  const merged = new Model();
  for (const path of new Set([base, ours, theirs].flatMap((side) => [...side.values.keys()]))) {
    const [before, mine, other] = [base, ours, theirs].map((side) => side.values.get(path));
    const value =
      isSame(before, mine) || isSame(mine, other) ? other : isSame(before, other) ? mine : both(before, mine, other);
    if (value === 'conflict') return undefined;
    if (value !== undefined) merged.values.set(path, value);
  }
  return [...merged.values.keys()].some((path) => merged.kindOf(path) !== 'dictionary' && isAbove(merged, path))
    ? undefined
    : merged;
}

type Side = ModelValue | undefined;

function isSame(one: Side, other: Side): boolean {
  return one?.value === other?.value && one?.permissions === other?.permissions;
}

function isAbove(model: Model, path: string): boolean {
  return [...model.values.keys()].some((other) => other.startsWith(`${path}/`));
}

const WIDTH: readonly Permissions[] = ['normal', 'everybody', 'exec', 'link'];

function both(before: Side, mine: Side, other: Side): Side | 'conflict' {
  if (mine === undefined || other === undefined) return 'conflict';
  const [isLink, ...rest] = [mine, other, before].map((side) => side?.permissions === 'link');
  if (isLink !== rest[0]) return 'conflict';
  const isFromBase = before !== undefined && rest[1] === isLink;
  const hasOneContent = mine.value === other.value;
  if (!hasOneContent && !(isFromBase && [mine.value, other.value].includes(before.value))) return 'conflict';
  const value = before?.value === mine.value ? other.value : mine.value;
  if (before?.permissions === mine.permissions) return { value, permissions: other.permissions };
  if (before?.permissions === other.permissions) return { value, permissions: mine.permissions };
  const wider = WIDTH.indexOf(mine.permissions) > WIDTH.indexOf(other.permissions) ? mine : other;
  return { value, permissions: wider.permissions };
}
