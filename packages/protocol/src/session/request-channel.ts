import { PktLineReader } from '../pkt-line/reader.js';
import type { ProtocolVersion, RequestTransport, Service } from '../transport/transport.js';
import type { AnswerLines, Channel, Talk } from './channel.js';

/** A service behind a transport of requests. */
export class RequestChannel implements Channel {
  readonly isStateless = true;
  version: ProtocolVersion;
  readonly #transport: RequestTransport;
  readonly #service: Service;

  constructor(transport: RequestTransport, service: Service, version: ProtocolVersion) {
    this.#transport = transport;
    this.#service = service;
    this.version = version;
  }

  advertisement(signal: AbortSignal | undefined): Promise<AnswerLines> {
    return this.#exchange('advertise', {}, signal);
  }

  call(body: AsyncIterable<Uint8Array> | Uint8Array, signal: AbortSignal | undefined): Promise<AnswerLines> {
    return this.#exchange('call', { body }, signal);
  }

  async talk(signal: AbortSignal | undefined): Promise<Talk> {
    return { say: (bytes) => this.call(bytes, signal), finish: () => {}, end: async () => {} };
  }

  async close(): Promise<void> {}

  async #exchange(
    phase: 'advertise' | 'call',
    content: { readonly body?: AsyncIterable<Uint8Array> | Uint8Array },
    signal: AbortSignal | undefined,
  ): Promise<AnswerLines> {
    const asked = this.version === 0 ? {} : { version: this.version };
    const call = { service: this.#service, phase, ...asked, ...content, signal };
    return new PktLineReader(await this.#transport.exchange(call));
  }
}
