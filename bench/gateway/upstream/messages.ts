/** What the upstream's process is started with. */
export interface UpstreamSettings {
  readonly text: string
  /** Chunks with words in each stream. */
  readonly chunks: number
  /** Of the two mock providers. */
  readonly seed: number
  readonly firstTokenMs: number
  readonly jitter: number
}

/** Where the parts of the upstream listen. */
export interface Addresses {
  /** Answers in no time, for everything that is counted by the second. */
  readonly fast: string
  /** Two mock providers, one of which can be slowed down. */
  readonly primary: string
  readonly alternate: string
}
