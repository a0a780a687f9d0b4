import type { FuzzTarget } from './lib/target.js';
import { delta } from './targets/kernels/delta.js';
import { deltaCreate } from './targets/kernels/delta-create.js';
import { digest } from './targets/kernels/digest.js';
import { kernels } from './targets/kernels/generated.js';
import { inflate } from './targets/kernels/inflate.js';
import { inflateStream } from './targets/kernels/inflate-stream.js';
import { cbor, json } from './targets/kv/codecs.js';
import { proof } from './targets/kv/proof.js';
import { allowedSigners } from './targets/objects/allowed-signers.js';
import { check } from './targets/objects/check.js';
import { commit } from './targets/objects/commit.js';
import { identity } from './targets/objects/identity.js';
import { loose } from './targets/objects/loose.js';
import { refName } from './targets/objects/ref-name.js';
import { revokedKeys } from './targets/objects/revoked-keys.js';
import { signature } from './targets/objects/signature.js';
import { specialFile } from './targets/objects/special-file.js';
import { sshAgent } from './targets/objects/ssh-agent.js';
import { sshPrivateKey } from './targets/objects/ssh-private-key.js';
import { sshSignature } from './targets/objects/ssh-signature.js';
import { tag } from './targets/objects/tag.js';
import { trailers } from './targets/objects/trailers.js';
import { tree } from './targets/objects/tree.js';
import { treeDiff } from './targets/objects/tree-diff.js';
import { commitGraph } from './targets/pack/commit-graph.js';
import { entryHeader } from './targets/pack/entry-header.js';
import { idx } from './targets/pack/idx.js';
import { indexMade } from './targets/pack/index-made.js';
import { indexPack } from './targets/pack/index-pack.js';
import { indexThin } from './targets/pack/index-thin.js';
import { mtimes } from './targets/pack/mtimes.js';
import { multiPackIndex } from './targets/pack/multi-pack-index.js';
import { packReader } from './targets/pack/pack-reader.js';
import { rev } from './targets/pack/rev.js';
import { scan } from './targets/pack/scan.js';
import { unpack } from './targets/pack/unpack.js';
import { verifyPack } from './targets/pack/verify-pack.js';
import { bundleHeader } from './targets/protocol/bundle-header.js';
import { capabilities } from './targets/protocol/capabilities.js';
import { fetchAnswer } from './targets/protocol/fetch-answer.js';
import { fetchRequest } from './targets/protocol/fetch-request.js';
import { lsRefsAnswer } from './targets/protocol/ls-refs-answer.js';
import { lsRefsRequest } from './targets/protocol/ls-refs-request.js';
import { pktLine } from './targets/protocol/pkt-line.js';
import { pushReport } from './targets/protocol/push-report.js';
import { pushRequest } from './targets/protocol/push-request.js';
import { receivePackAdvertisement } from './targets/protocol/receive-pack-advertisement.js';
import { remoteWords } from './targets/protocol/remote-words.js';
import { sideband } from './targets/protocol/sideband.js';
import { sidebandFetchAnswer } from './targets/protocol/sideband-fetch-answer.js';
import { v0Advertisement } from './targets/protocol/v0-advertisement.js';
import { v0FetchAnswer } from './targets/protocol/v0-fetch-answer.js';
import { v0FetchRequest } from './targets/protocol/v0-fetch-request.js';
import { v2Advertisement } from './targets/protocol/v2-advertisement.js';
import { attributes } from './targets/repository/attributes.js';
import { config } from './targets/repository/config.js';
import { gitIndex } from './targets/repository/git-index.js';
import { journalOwner } from './targets/repository/journal-owner.js';
import { journalRecord } from './targets/repository/journal-record.js';
import { packedRefs } from './targets/repository/packed-refs.js';
import { refFile } from './targets/repository/ref-file.js';
import { remoteUrl } from './targets/repository/remote-url.js';
import { revision } from './targets/repository/revision.js';
import { middleFetch, middlePush } from './targets/sessions/middle.js';

/** Every decoder under attack. A new one is a file in `targets/` and a line here. */
export const ALL_TARGETS: readonly FuzzTarget[] = [
  deltaCreate,
  delta,
  digest,
  inflateStream,
  inflate,
  kernels,
  allowedSigners,
  check,
  commit,
  identity,
  loose,
  refName,
  revokedKeys,
  signature,
  specialFile,
  sshAgent,
  sshPrivateKey,
  sshSignature,
  tag,
  trailers,
  treeDiff,
  tree,
  cbor,
  json,
  proof,
  commitGraph,
  entryHeader,
  idx,
  indexMade,
  indexPack,
  indexThin,
  multiPackIndex,
  packReader,
  rev,
  mtimes,
  scan,
  unpack,
  verifyPack,
  bundleHeader,
  capabilities,
  fetchAnswer,
  fetchRequest,
  lsRefsAnswer,
  lsRefsRequest,
  pktLine,
  pushReport,
  pushRequest,
  receivePackAdvertisement,
  remoteWords,
  sideband,
  sidebandFetchAnswer,
  v0Advertisement,
  v0FetchAnswer,
  v0FetchRequest,
  v2Advertisement,
  attributes,
  config,
  gitIndex,
  journalOwner,
  journalRecord,
  packedRefs,
  refFile,
  remoteUrl,
  revision,
  middleFetch,
  middlePush,
];
