import { setFlagsFromString } from 'node:v8';

/**
 * Keep the part of the heap small in which objects are made. V8 doubles it again and again while little is left of what was made, up to
 * 32 MiB, and as much garbage of the network lies about until it is full. For commands that take in a pack: they make little that
 * stays, and are no slower.
 */
export function keepYoungGenerationSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}
