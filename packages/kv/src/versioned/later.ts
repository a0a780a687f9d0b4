// What few versioned stores need, loaded together when some of it is first used: see `../later.ts`.
export { rebaseUnpushed } from '../unpushed.js';
export { Watching } from '../watch/watching.js';
export { VersionedRemote } from './remote.js';
