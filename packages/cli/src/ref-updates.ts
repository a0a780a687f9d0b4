import { hostname, userInfo } from 'node:os';
import type { Oid } from '@git-kv/objects';
import { type RefUpdate, type RefUpdateOptions, type RefValue, resolveRef } from '@git-kv/repository';
import type { FileRepository } from '@git-kv/repository/node-fs';
import { CommandError, type Console } from './console.js';
import { readGitConfig } from './git-config.js';
import { identityOf } from './identity.js';

/** A change of one ref as git's update-ref takes it. */
export interface WantedUpdate {
  readonly name: string;
  /** What the ref is to hold; `null` deletes it, `undefined` leaves it as it is. */
  readonly newOid: Oid | null | undefined;
  /** What it must hold; `null`: it must not be there; `undefined`: anything. */
  readonly oldOid: Oid | null | undefined;
  /** The ref itself, where it is symbolic, and not that which it points to. */
  readonly noDeref: boolean;
}

/** What goes into the logs: a message, and whether a log is begun where there is none. */
export interface LogWish {
  readonly message: string | undefined;
  readonly begin?: boolean;
}

/** Updates that hold their locks. */
export interface HeldUpdates {
  commit(): Promise<void>;
  abort(): Promise<void>;
}

/** An update under the name of the ref at the end, and the name it was asked for by. */
interface Planned {
  readonly wanted: WantedUpdate;
  readonly update: RefUpdate;
}

/** Symbolic refs that move while we look at them make us look again, this often at most. */
const MAX_ROUNDS = 5;

/** git's bound on symbolic refs that point to symbolic refs. */
const MAX_SYMBOLIC_DEPTH = 5;

/** Lock the refs of `wanted` and check all of it. @throws {CommandError} in git's words, without what a command puts before them */
export async function holdUpdates(
  repository: FileRepository,
  console: Console,
  wanted: readonly WantedUpdate[],
  log: LogWish,
): Promise<HeldUpdates> {
  if (wanted.length === 0) return { commit: async () => undefined, abort: async () => undefined };
  const options: RefUpdateOptions = { reflog: await reflogNote(repository, console, log), signal: console.signal };
  for (let round = 1; ; round++) {
    const { planned, symbolic } = await plan(repository, wanted);
    const held = await repository.refs.prepare([...planned.map(({ update }) => update), ...symbolic.values()], options);
    if (held.status === 'fenced') throw new Error('BUG: nothing was fenced');
    if (held.status === 'conflict') {
      if (symbolic.has(held.name) && round < MAX_ROUNDS) continue;
      throw new CommandError(conflictText(planned, held.name, held.actual));
    }
    try {
      for (const { update } of planned) await assertFits(repository, update);
    } catch (error) {
      await held.abort();
      throw error;
    }
    return {
      abort: () => held.abort(),
      async commit() {
        const outcome = await held.commit();
        if (outcome.status === 'conflict') throw new CommandError(conflictText(planned, outcome.name, outcome.actual));
      },
    };
  }
}

/** Who moves a ref, as git's logs have it: where nobody says who it is, the computer does. */
export async function reflogNote(
  repository: FileRepository,
  console: Console,
  { message, begin = false }: LogWish,
): Promise<NonNullable<RefUpdateOptions['reflog']>> {
  const config = await readGitConfig(console, repository);
  const { name, email, timestamp, timezone } = identityOf('committer', console, config, {
    guess: () => {
      const { username } = userInfo();
      return { name: username, email: `${username}@${hostname()}` };
    },
  });
  return { name, email, timestamp, timezone, message: message ?? '', begin };
}

/** What to change under which name, and which symbolic refs have to stay as they were read. */
async function plan(
  repository: FileRepository,
  wanted: readonly WantedUpdate[],
): Promise<{ planned: Planned[]; symbolic: Map<string, RefUpdate> }> {
  const { refs } = repository;
  const head = await refs.read('HEAD');
  const headTarget = head && 'target' in head ? head.target : undefined;
  const taken = new Set<string>();
  for (const name of wanted.map((one) => one.name).sort()) {
    if (taken.has(name)) throw new CommandError(`multiple updates for ref '${name}' not allowed`);
    taken.add(name);
  }
  const planned: Planned[] = [];
  const symbolic = new Map<string, RefUpdate>();
  for (const one of wanted) {
    if (one.name === headTarget && taken.has('HEAD'))
      throw new CommandError(twiceText('HEAD', `its referent '${one.name}'`));
    let name = one.name;
    const via: string[] = [];
    let value = await refs.read(name);
    for (let depth = 0; value && 'target' in value && !one.noDeref; depth++) {
      if (depth === MAX_SYMBOLIC_DEPTH)
        throw new CommandError(lockText(one.name, `unable to resolve reference '${name}'`));
      if (taken.has(value.target)) throw new CommandError(twiceText(value.target, `symref '${name}'`));
      taken.add(value.target);
      symbolic.set(name, { name, expected: value, next: value });
      via.push(name);
      name = value.target;
      value = await refs.read(name);
    }
    planned.push({ wanted: one, update: { ...(await updateOf(repository, one, name, value)), via } });
  }
  return { planned, symbolic };
}

async function updateOf(
  repository: FileRepository,
  wanted: WantedUpdate,
  name: string,
  value: RefValue | undefined,
): Promise<RefUpdate> {
  let expected: RefValue | null | undefined;
  if (wanted.oldOid !== undefined) expected = wanted.oldOid === null ? null : { oid: wanted.oldOid };
  if (expected !== undefined && value && 'target' in value) {
    // A symbolic ref that is changed itself: what it leads to is compared, as it stands now.
    const actual = (await resolveRef(repository.refs, name))?.oid ?? null;
    if (actual !== wanted.oldOid) throw new CommandError(mismatchText(wanted, actual));
    expected = value;
  }
  const next = nextOf(wanted, expected);
  return { name, next, ...(expected !== undefined && { expected }) };
}

/** What was only to be verified stays as it is. */
function nextOf({ newOid }: WantedUpdate, expected: RefValue | null | undefined): RefValue | null {
  if (newOid === undefined) return expected ?? null;
  return newOid === null ? null : { oid: newOid };
}

/** Only objects that are there go into refs, and only commits into branches. */
async function assertFits(repository: FileRepository, { name, next, expected }: RefUpdate): Promise<void> {
  if (next === null || !('oid' in next) || (expected && 'oid' in expected && expected.oid === next.oid)) return;
  const kind = (await repository.objects.stat(next.oid))?.kind;
  const refuse = (reason: string): never => {
    throw new CommandError(`cannot update ref '${name}': trying to write ${reason}`);
  };
  if (kind === undefined) refuse(`ref '${name}' with nonexistent object ${next.oid}`);
  if (kind !== 'commit' && (name.startsWith('refs/heads/') || name === 'HEAD'))
    refuse(`non-commit object ${next.oid} to branch '${name}'`);
}

function conflictText(planned: readonly Planned[], name: string, actual: RefValue | null): string {
  const own = planned.find(({ update }) => update.name === name);
  const isNested = own?.update.expected === undefined || (own.update.expected === null && actual === null);
  if (own !== undefined && !isNested) return mismatchText(own.wanted, actual && 'oid' in actual ? actual.oid : null);
  // Another ref where this one's name needs a folder, or below it.
  const apart = planned.find(({ update }) => update.name.startsWith(`${name}/`) || name.startsWith(`${update.name}/`));
  if (apart === undefined) return lockText(name, 'it was changed meanwhile');
  const blocked = apart.update.name;
  if (apart.wanted.oldOid) return mismatchText(apart.wanted, null);
  if (actual !== null) return lockText(apart.wanted.name, conflictReason(blocked, name));
  const [above, below] = name.length < blocked.length ? [name, blocked] : [blocked, name];
  const first = planned.find(({ update }) => update.name === above || update.name === below)?.update.name ?? above;
  const other = first === above ? below : above;
  return lockText(first, `cannot process '${first}' and '${other}' at the same time`);
}

/** git's words for a name that another ref leaves no room for. */
export function conflictReason(name: string, other: string): string {
  return `'${other}' exists; cannot create '${name}'`;
}

function mismatchText({ name, oldOid }: WantedUpdate, actual: Oid | null): string {
  if (oldOid === null || oldOid === undefined) return lockText(name, 'reference already exists');
  if (actual === null) return lockText(name, `unable to resolve reference '${name}'`);
  return lockText(name, `is at ${actual} but expected ${oldOid}`);
}

function twiceText(name: string, including: string): string {
  return `multiple updates for '${name}' (including one via ${including}) are not allowed`;
}

function lockText(name: string, reason: string): string {
  return `cannot lock ref '${name}': ${reason}`;
}
