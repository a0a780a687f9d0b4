import { type GitErrorCode, type HashAlgorithm, isGitError } from '@git-kv/objects';
import { connectUploadPack, type Transport, type UploadPackClient } from '@git-kv/protocol';
import type { ReadOptions } from '../object-store.js';
import { assumeAdvertisement } from './assumed-advertisement.js';
import type { ConnectionRules, ConnectPromisor } from './back-fill.js';

/** How a server is met. */
export interface HandshakeOptions {
  /**
   * Whether a server of separate requests (HTTP) is first asked what it can do, or taken for one of protocol 2 with filters, which spares a
   * request; where that fails, it is asked after all. Default `assume`.
   */
  readonly handshake?: 'assume' | 'ask';
}

/** Failures that are what they say, whatever the server is. */
const PLAIN_FAILURES: ReadonlySet<GitErrorCode> = new Set([
  'ACCESS_DENIED',
  'AUTHENTICATION_FAILED',
  'LIMIT_EXCEEDED',
  'REMOTE_REF_NOT_FOUND',
  'TRANSPORT_FAILED',
]);

/** The way in: a server is taken for what it probably is, until it turns out to be another. */
export class RemoteDoor implements ConnectionRules {
  readonly #transport: Transport;
  #assumed: Transport | undefined;
  /** The connection that was entered by, for the first who asks. */
  #entered: UploadPackClient | undefined;

  /** @param algorithm what the server is assumed to hash with */
  constructor(transport: Transport, algorithm: HashAlgorithm, { handshake = 'assume' }: HandshakeOptions) {
    this.#transport = transport;
    if (handshake === 'assume') this.#assumed = assumeAdvertisement(transport, algorithm);
  }

  /** Connect, and put the first question. `requestCount`: what connecting took. */
  async enter<T>(
    ask: (client: UploadPackClient) => Promise<T>,
    options: ReadOptions,
  ): Promise<{ readonly client: UploadPackClient; readonly answer: T; readonly requestCount: number }> {
    for (let requestCount = 0; ; ) {
      try {
        if (this.#assumed === undefined) requestCount++;
        const client = await connectUploadPack(this.#assumed ?? this.#transport, options);
        this.#entered = client;
        return { client, answer: await ask(client), requestCount };
      } catch (error) {
        await this.forgetEntered();
        if (options.signal?.aborted || !this.mayReconnect(error)) throw error;
      }
    }
  }

  readonly connect: ConnectPromisor = async (options) => {
    const entered = this.#entered;
    this.#entered = undefined;
    return entered ?? connectUploadPack(this.#assumed ?? this.#transport, options);
  };

  readonly isConnectingFree = (): boolean => this.#entered !== undefined || this.#assumed !== undefined;

  /** Whether the server may be another than it was taken for. From then on it is asked. */
  readonly mayReconnect = (error: unknown): boolean => {
    if (this.#assumed === undefined || !isGitError(error) || PLAIN_FAILURES.has(error.code)) return false;
    if (error.message.includes('not our ref')) return false;
    this.#assumed = undefined;
    this.#entered = undefined;
    return true;
  };

  readonly forgetEntered = async (): Promise<void> => {
    const entered = this.#entered;
    this.#entered = undefined;
    await entered?.close();
  };
}
