import type { Oid } from '@git-kv/objects';
import {
  AGENT,
  encodeText,
  hasCapability,
  PktLineReader,
  type ProtocolVersion,
  protocolLimits,
  readPushRequest,
  serializeReceivePackAdvertisement,
  serializeServiceLine,
} from '@git-kv/protocol';
import { resolveRef } from '../ref-resolve.js';
import type { Repository } from '../repository.js';
import { withKeepAlive } from './keep-alive.js';
import { PackBody } from './pack-body.js';
import { PushAnswer } from './push-answer.js';
import { PushIntake } from './push-intake.js';
import type { ServeReceivePackOptions } from './receive-options.js';
import { type RefVisibility, visibleRefs } from './visible-refs.js';

export type { ReceiveRules } from './push-judgement.js';
export type * from './receive-options.js';

/** How receive-pack presents itself. */
export interface AdvertiseReceivePackOptions extends RefVisibility {
  /** 1 is said, where the client asks for it; all else is version 0. */
  readonly version?: ProtocolVersion | undefined;
  /** Put the service line of smart HTTP first. */
  readonly isHttp?: boolean;
  /** Announce push options, which hooks read (receive.advertisePushOptions; default false, as git's). */
  readonly pushOptions?: boolean;
  /** Announce atomic pushes (receive.advertiseAtomic; default true). */
  readonly atomic?: boolean;
}

/** What receive-pack says when a client connects: every ref it shows, and what it can do. @see gitprotocol-pack(5) */
export async function* advertiseReceivePack(
  repository: Repository,
  options: AdvertiseReceivePackOptions = {},
): AsyncGenerator<Uint8Array> {
  const visible = visibleRefs(repository.refs, options);
  const refs: { name: string; oid: Oid }[] = [];
  for await (const { name, value } of visible.list('refs/')) {
    const oid = 'oid' in value ? value.oid : (await resolveRef(visible, name))?.oid;
    if (oid !== undefined) refs.push({ name, oid });
  }
  const shallowOids = await repository.shallow.read();
  // Only now: what fails before the first bytes can still be an HTTP status.
  if (options.isHttp === true) yield serializeServiceLine('git-receive-pack');
  if (options.version === 1) yield encodeText('version 1');
  yield serializeReceivePackAdvertisement({
    algorithm: repository.algorithm,
    refs,
    shallowOids,
    capabilities: [
      { name: 'report-status' },
      { name: 'report-status-v2' },
      { name: 'delete-refs' },
      { name: 'side-band-64k' },
      { name: 'quiet' },
      ...(options.atomic === false ? [] : [{ name: 'atomic' }]),
      { name: 'ofs-delta' },
      ...(options.pushOptions === true ? [{ name: 'push-options' }] : []),
      { name: 'object-format', value: repository.algorithm.name },
      { name: 'agent', value: AGENT },
    ],
  });
}

/**
 * Take in a push: read the commands and the pack into quarantine, check that everything the new values reach is there, ask the
 * hooks, move the refs under their old values, and report on each. With `atomic` all move or none; without it each command stands
 * alone.
 *
 * Refusals are in the report; only a request that cannot be parsed is thrown.
 * @see gitprotocol-pack(5), "Pushing Data To a Server"
 */
export async function* serveReceivePack(
  repository: Repository,
  request: AsyncIterable<Uint8Array>,
  options: ServeReceivePackOptions = {},
): AsyncGenerator<Uint8Array> {
  const lines = new PktLineReader(request);
  // Aborted, too, when nobody reads the answer any more.
  const cut = new AbortController();
  const abort = (): void => cut.abort(options.signal?.reason);
  options.signal?.addEventListener('abort', abort);
  if (options.signal?.aborted) abort();
  try {
    const push = await readPushRequest(lines, repository.algorithm, protocolLimits(options.limits));
    if (push === undefined) return;
    const pack = push.pack && new PackBody(push.pack, options.isOpenEnded);
    const answer = new PushAnswer(hasCapability(push.capabilities, 'side-band-64k'));
    const intake = new PushIntake(repository, push, pack, { ...options, answer, signal: cut.signal });
    const work = intake.run().then(
      () => answer.end(),
      (error: unknown) => answer.end({ error }),
    );
    try {
      // While the pack comes the client does not listen.
      const isWanted = (): boolean => answer.hasSideband && pack?.isWhole !== false;
      yield* withKeepAlive(answer.chunks(), options.keepAliveMs, isWanted);
    } finally {
      cut.abort();
      await work;
    }
  } finally {
    options.signal?.removeEventListener('abort', abort);
    await lines.close();
  }
}
