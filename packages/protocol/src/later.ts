// What a page may never need, loaded together when some of it is first used. One module, and not one for each: what it has in common
// with the rest would be split into a file for each combination of them, which costs a page more than it spares.
export { ConnectionChannel } from './session/connection-channel.js';
export { readV0Advertisement, V0UploadPack } from './session/v0-upload-pack.js';
export { askObjectInfo, findCommon } from './session/v2-questions.js';
export { answerFailure, followRedirects, probe, redirectRefused, sendAgain } from './transport/http-detours.js';
export { gzip, largeBody } from './transport/large-body.js';
export { Pace } from './transport/pace.js';
