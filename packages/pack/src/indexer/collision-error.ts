import { MalformedError } from '@git-kv/objects';

/** What to throw for the entry at `packOffset` where collision detection found something. */
export function collisionError(packOffset: number): MalformedError {
  return new MalformedError('pack entry', packOffset, 'its object was made by a collision attack on SHA-1');
}
