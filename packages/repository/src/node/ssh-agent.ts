import { connect } from 'node:net';
import {
  concatBytes,
  encodeIdentitiesRequest,
  encodeSignRequest,
  LimitError,
  MalformedError,
  parseIdentities,
  parseSignResponse,
  type SshIdentity,
  type SshPublicKey,
  TransportError,
} from '@git-kv/objects';
import type { DataSigner } from '../signatures/sign.js';

/** How an agent is spoken to. */
export interface SshAgentOptions {
  /** Where it listens. Default: what `SSH_AUTH_SOCK` says. */
  readonly socketPath?: string;
  /** Give up waiting after so long: somebody may have to touch a key. Default two minutes. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

const MAX_ANSWER_BYTES = 256 * 1024;
const LENGTH_BYTES = 4;
const TIMEOUT_MS = 120_000;

/**
 * A running ssh-agent: it holds keys, those with a passphrase and those of hardware too, and signs without showing them.
 *
 * Calls throw a {@link TransportError} where there is no agent or it does not answer, ACCESS_DENIED where it refuses.
 */
export class SshAgent {
  readonly #options: SshAgentOptions;

  constructor(options: SshAgentOptions = {}) {
    this.#options = options;
  }

  /** The keys that it holds. */
  async list(): Promise<SshIdentity[]> {
    return parseIdentities(await this.#ask(encodeIdentitiesRequest()));
  }

  /** What signs with a key of the agent, for `sshSigner`. */
  signer(publicKey: SshPublicKey): DataSigner {
    return {
      publicKey,
      signData: async (data) => parseSignResponse(await this.#ask(encodeSignRequest(publicKey, data))),
    };
  }

  #ask(request: Uint8Array): Promise<Uint8Array> {
    const { signal, timeoutMs = TIMEOUT_MS } = this.#options;
    const path = this.#options.socketPath ?? process.env.SSH_AUTH_SOCK ?? '';
    if (path === '') return Promise.reject(failure('SSH_AUTH_SOCK names none'));
    return new Promise((resolve, reject) => {
      const socket = connect({ path });
      const chunks: Uint8Array[] = [];
      let received = 0;
      const settle = (finish: () => void): void => {
        signal?.removeEventListener('abort', onAbort);
        socket.destroy();
        finish();
      };
      const fail = (error: unknown): void => settle(() => reject(error));
      const onAbort = (): void => fail(signal?.reason);
      if (signal?.aborted) return onAbort();
      signal?.addEventListener('abort', onAbort);
      socket.setTimeout(timeoutMs, () => fail(failure(`no answer within ${timeoutMs} ms`)));
      socket.on('error', (error) => fail(failure('it does not answer', error)));
      socket.on('close', () => fail(failure('it closed the connection')));
      socket.on('data', (chunk: Uint8Array) => {
        chunks.push(chunk);
        received += chunk.length;
        if (received < LENGTH_BYTES) return;
        const answer = concatBytes(chunks);
        const size = new DataView(answer.buffer, answer.byteOffset).getUint32(0);
        if (size > MAX_ANSWER_BYTES) return fail(new LimitError('ssh-agent answer bytes', size, MAX_ANSWER_BYTES));
        const end = LENGTH_BYTES + size;
        if (received > end) return fail(new MalformedError('ssh-agent answer', end, 'more bytes than were told of'));
        if (received === end) settle(() => resolve(answer.subarray(LENGTH_BYTES)));
      });
      socket.write(request);
    });
  }
}

function failure(problem: string, cause?: unknown): TransportError {
  return new TransportError('TRANSPORT_FAILED', `Cannot ask ssh-agent: ${problem}`, { cause });
}
