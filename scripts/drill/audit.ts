/** A record as the operators' API shows it. */
export interface AuditLine {
  readonly sequence: number
  readonly at: number
  readonly incident: string | null
  readonly body: { readonly stage: string } & Readonly<Record<string, unknown>>
}

/** Reads along what the coordinator writes down, by the operators' API. */
export class Audit {
  readonly lines: AuditLine[] = []
  readonly #url: string
  readonly #token: string
  #reading: Promise<void> | null = null

  constructor(edgeUrl: string, token: string) {
    this.#url = `${edgeUrl}/ops/api/audit`
    this.#token = token
  }

  /** Everything up to now. Those who ask at the same time share one question. */
  async read(): Promise<readonly AuditLine[]> {
    this.#reading ??= this.#fetch().finally(() => {
      this.#reading = null
    })
    await this.#reading
    return this.lines
  }

  async #fetch(): Promise<void> {
    const after = this.lines.at(-1)?.sequence ?? 0
    const asked = fetch(`${this.#url}?after=${after}`, {
      headers: { authorization: `Bearer ${this.#token}` },
    })
    // An edge that is down has nothing new to say.
    const response = await asked.catch(() => null)
    if (response?.ok !== true) return
    const { lines } = (await response.json()) as { lines: AuditLine[] }
    this.lines.push(...lines)
  }
}
