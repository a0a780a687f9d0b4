/** What the transport needs of `fetch`. The runtime's own will do, and so will a server's handler in this process. */
export type FetchFunction = (url: string, init: RequestInit) => Promise<FetchResponse>;

/** What it needs of an answer: any `Response` is one. */
export interface FetchResponse {
  readonly status: number;
  readonly type: string;
  readonly redirected: boolean;
  readonly headers: { get(name: string): string | null };
  readonly body: { getReader(): FetchBodyReader } | null;
}

/** Reads the body of an answer, once. */
export interface FetchBodyReader {
  read(): Promise<
    | { readonly done: false; readonly value: Uint8Array }
    | { readonly done: true; readonly value?: Uint8Array | undefined }
  >;
  /** What is left is not read. */
  cancel(): Promise<void>;
}
