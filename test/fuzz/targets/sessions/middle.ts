import type { LineCounts } from '../../lib/middle/link.js';
import { MEDDLING_BYTES, parseMeddlings } from '../../lib/middle/mutator.js';
import { describeSession, runSession, type Session, type Task } from '../../lib/middle/sessions.js';
import type { FuzzTarget, Seed } from '../../lib/target.js';

/** Sessions that somebody in the middle changes: the bytes of an input are what he does. */
function middle(name: string, about: string, tasks: readonly Task[], versions: Session['version'][]): FuzzTarget {
  const sessions = new Map<string, Session>();
  for (const task of tasks)
    for (const version of versions)
      for (const carrier of ['connection', 'requests'] as const)
        sessions.set(describeSession({ task, version, carrier }), { task, version, carrier });
  const counts = new Map<string, LineCounts>();
  return {
    name,
    about,
    weight: 20,
    async seeds() {
      const seeds: Seed[] = [];
      for (const [variant, session] of sessions) {
        counts.set(variant, await runSession(session));
        seeds.push({ bytes: new Uint8Array(0), variant });
      }
      return seeds;
    },
    mutate(_bytes, random) {
      const count = 1 + random.skewed(3);
      return Uint8Array.from({ length: count * MEDDLING_BYTES }, () => random.below(256));
    },
    async execute(bytes, variant = '') {
      const session = sessions.get(variant);
      if (session === undefined) throw new Error(`BUG: there is no session ${variant}`);
      if (!counts.has(variant)) counts.set(variant, await runSession(session));
      await runSession(session, { meddlings: parseMeddlings(bytes), counts: counts.get(variant) as LineCounts });
    },
  };
}

export const middleFetch: FuzzTarget = middle(
  'middle-fetch',
  'fetches with somebody between client and server: they end, and harm no repository',
  ['ls-refs', 'clone', 'fetch', 'shallow', 'deepen', 'partial'],
  [0, 1, 2],
);

export const middlePush: FuzzTarget = middle(
  'middle-push',
  'pushes with somebody between client and server: refs are old or new, and whole',
  ['push', 'atomic push'],
  [0, 1],
);
