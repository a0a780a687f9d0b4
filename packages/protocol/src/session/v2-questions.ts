import { type HashAlgorithm, MalformedError, type Oid } from '@git-kv/objects';
import type { Capabilities } from '../capabilities.js';
import type { ProtocolLimits } from '../limits.js';
import { Negotiation } from '../negotiation.js';
import { assertBodyEnds } from '../sideband.js';
import type { V2Command } from '../v2/command.js';
import type { V2FetchAnswer } from '../v2/fetch-answer.js';
import { EMPTY_FETCH_REQUEST, type FetchRequest } from '../v2/fetch-request.js';
import { type ObjectInfo, objectInfoCommand, readObjectInfo } from '../v2/object-info.js';
import { type AnswerLines, orLetGo } from './channel.js';
import type { FindCommonOptions } from './upload-pack.js';

/** `UploadPackClient.findCommon` over protocol v2. @param fetchRound one request of a fetch */
export async function findCommon(
  { haves = [], negotiator, onCommon, isBehind }: FindCommonOptions,
  limits: ProtocolLimits,
  fetchRound: (request: FetchRequest) => Promise<V2FetchAnswer>,
): Promise<readonly Oid[]> {
  const negotiation = new Negotiation(haves, 0, limits, {
    ...(negotiator !== undefined && { kind: negotiator }),
    ...(isBehind && { isBehind }),
  });
  try {
    for (;;) {
      const { haves: told, done } = await negotiation.nextRound();
      if (told.length === negotiation.commonOids.length) return negotiation.commonOids;
      const answer = await fetchRound({ ...EMPTY_FETCH_REQUEST, haves: told, waitForDone: true });
      await answer.pack?.return?.(); // it was not asked for
      if (answer.acknowledgments !== undefined) {
        negotiation.acknowledge(answer.acknowledgments);
        onCommon?.(answer.acknowledgments.commonOids);
      }
      if (done) return negotiation.commonOids;
    }
  } finally {
    await negotiation.close();
  }
}

/** Who is asked. */
export interface ObjectInfoSource {
  readonly algorithm: HashAlgorithm;
  readonly limits: ProtocolLimits;
  /** What the client says of itself. */
  readonly capabilities: Capabilities;
  readonly call: (command: V2Command) => Promise<AnswerLines>;
}

/** `UploadPackClient.objectInfo` over protocol v2. */
export async function askObjectInfo(
  oids: readonly Oid[],
  { algorithm, limits, capabilities, call }: ObjectInfoSource,
): Promise<readonly ObjectInfo[]> {
  const infos: ObjectInfo[] = [];
  for (let at = 0; at < oids.length; at += limits.maxObjectLines) {
    const asked = oids.slice(at, at + limits.maxObjectLines);
    const lines = await call(objectInfoCommand({ size: true, oids: asked }, capabilities, limits));
    const told = await orLetGo(lines, async () => {
      const answer = await readObjectInfo(lines, algorithm, limits);
      await assertBodyEnds(lines);
      return answer;
    });
    if (told.length !== asked.length || told.some(({ oid }, index) => oid !== asked[index])) {
      throw new MalformedError('object-info answer', 0, 'it is not about what was asked', { origin: 'remote' });
    }
    infos.push(...told);
  }
  return infos;
}
