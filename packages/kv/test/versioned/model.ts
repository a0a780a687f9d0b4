import type { Oid } from '@git-kv/objects';
import type { VersionedCommit } from '../../src/versioned/index.js';

/** What a version holds: numbers by key. */
export type Content = ReadonlyMap<string, number>;

/** A commit as the model knows it. */
export interface ModelCommit {
  readonly content: Content;
  readonly parentOids: readonly Oid[];
  readonly time: number;
}

/** One change of a key. */
export interface Edit {
  readonly key: string;
  /** Absent: remove it, with all below it. */
  readonly value?: number;
}

/** The error code that an edit ends in, or the content after it. */
export function edited(content: Content, { key, value }: Edit): Content | string {
  const next = new Map(content);
  if (value === undefined) {
    for (const name of content.keys()) if (name === key || name.startsWith(`${key}/`)) next.delete(name);
    return next;
  }
  for (const name of content.keys()) {
    if (name.startsWith(`${key}/`)) return 'VALUE_EXPECTED';
    if (key.startsWith(`${name}/`)) return 'DICTIONARY_EXPECTED';
  }
  return next.set(key, value);
}

/** A rule of the model: what becomes of a key that both sides changed; `conflict` where it cannot tell. */
export type Rule = (
  base: number | undefined,
  ours: number | undefined,
  theirs: number | undefined,
) => number | 'conflict';

export const conflicts: Rule = () => 'conflict';
export const sum: Rule = (base = 0, ours = 0, theirs = 0) => ours + theirs - base;

/** A value that is like no other: what common ancestors did not agree on. */
const DISAGREED = Number.NaN;

/** Three contents made one, or the keys in conflict. `structure`: a value and a dictionary of one name. */
export type Merged = { readonly content: Content } | { readonly keys: readonly string[]; readonly structure: boolean };

export function merged(base: Content, ours: Content, theirs: Content, rule: Rule): Merged {
  const content = new Map<string, number>();
  const keys: string[] = [];
  for (const key of [...new Set([...base.keys(), ...ours.keys(), ...theirs.keys()])].sort()) {
    const [was, mine, other] = [base.get(key), ours.get(key), theirs.get(key)];
    let value = mine;
    // NaN is not itself, as `===` has it: a disagreement is changed on both sides, always.
    if (mine !== other && was === mine) value = other;
    else if (mine !== other && was !== other) {
      const outcome = rule(Number.isNaN(was) ? undefined : was, mine, other);
      if (outcome === 'conflict') keys.push(key);
      else value = outcome;
    }
    if (value !== undefined) content.set(key, value);
  }
  const names = [...content.keys()];
  const structure = names.some((name) => names.some((other) => other.startsWith(`${name}/`)));
  return keys.length > 0 || structure ? { keys, structure } : { content };
}

/** All versions there were, and the names that lead to some. */
export class Model {
  readonly commits = new Map<Oid, ModelCommit>();
  readonly branches = new Map<string, Oid>();
  readonly tags = new Map<string, Oid>();

  add({ oid, parentOids, committer }: VersionedCommit, content: Content): void {
    this.commits.set(oid, { content, parentOids, time: committer.timestamp });
  }

  commit(oid: Oid): ModelCommit {
    const commit = this.commits.get(oid);
    if (commit === undefined) throw new Error(`There is a commit ${oid} that nobody made`);
    return commit;
  }

  content(branch: string): Content {
    const oid = this.branches.get(branch);
    return oid === undefined ? new Map() : this.commit(oid).content;
  }

  /** All that a commit reaches, itself too. */
  reached(oids: readonly Oid[]): Set<Oid> {
    const seen = new Set<Oid>();
    const open = [...oids];
    for (let oid = open.pop(); oid !== undefined; oid = open.pop()) {
      if (seen.has(oid)) continue;
      seen.add(oid);
      open.push(...this.commit(oid).parentOids);
    }
    return seen;
  }

  /** The best common ancestors, oldest first. */
  bases(ours: readonly Oid[], theirs: Oid): Oid[] {
    const [mine, other] = [this.reached(ours), this.reached([theirs])];
    const common = [...mine].filter((oid) => other.has(oid));
    const best = common.filter((oid) => !common.some((one) => one !== oid && this.reached([one]).has(oid)));
    return best.sort((a, b) => this.commit(a).time - this.commit(b).time);
  }

  merge(ours: Oid, theirs: Oid, rule: Rule): Merged {
    const base = this.#baseOf(this.bases([ours], theirs), rule);
    if (base === undefined) return { keys: [], structure: true };
    return merged(base, this.commit(ours).content, this.commit(theirs).content, rule);
  }

  /** `undefined` where ancestors have a value and a dictionary of one name. */
  #baseOf(bases: readonly Oid[], rule: Rule): Content | undefined {
    const [oldest, ...others] = bases;
    if (oldest === undefined) return new Map();
    let content = this.commit(oldest).content;
    const joined = [oldest];
    for (const oid of others) {
      const base = this.#baseOf(this.bases(joined, oid), rule);
      if (base === undefined) return undefined;
      const agreed: Rule = (was, mine, other) => {
        const outcome = rule(was, mine, other);
        return outcome === 'conflict' ? DISAGREED : outcome;
      };
      const outcome = merged(base, content, this.commit(oid).content, agreed);
      if (!('content' in outcome)) return undefined;
      content = outcome.content;
      joined.push(oid);
    }
    return content;
  }
}
