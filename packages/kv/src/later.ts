// What a store may never need, loaded together when some of it is first used. One module, and not one for each: what it has in common with
// the rest would be split into a file for each combination of them, which costs a page more than it spares.

export { reachableOids, signCommit } from '@git-kv/repository';
export { alreadyPresent } from './edit-errors.js';
export { findLastChange } from './last-change.js';
export { readOctets } from './octets/read.js';
export { writeOctets } from './octets/write.js';
export { connectPartial } from './partial/connect.js';
export { createProof } from './proof/create.js';
export { publishAgain } from './publish-again.js';
export { planUnpushed } from './pull-unpushed.js';
export { ReadSet } from './read-set.js';
export { goesToTheSame, renameIn } from './tree/rename.js';
export { Watching } from './watch/watching.js';
export { withPart, zeros } from './zeros.js';
