// What a client may never need, loaded together when some of it is first used. One module, and not one for each: what it has in common
// with the rest would be split into a file for each combination of them, which costs a page more than it spares.
export { ObjectBlock } from './engines/memory/object-block.js';
export { PackedObjects } from './engines/memory/packed-objects.js';
export { PackPromises, PromisorLinks } from './promisor/promisor-packs.js';
export { ReceiveCheck } from './receive-check.js';
export { ReceivedLinks } from './received-links.js';
export { choosePromisor } from './remote/choose-promisor.js';
export { isOutsideThere } from './remote/outside-there.js';
export { findPushContent } from './remote/push-content.js';
export { settlePush } from './remote/push-settlement.js';
export { checkConnectivity } from './walk/connectivity.js';
