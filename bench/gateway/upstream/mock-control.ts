/** A mock provider in another process, by its control endpoint. */
export class MockControl {
  readonly #url: string

  constructor(url: string) {
    this.#url = url
  }

  async setFault(fault: object | null): Promise<void> {
    await this.#call('/control/fault', fault === null ? 'DELETE' : 'PUT', fault)
  }

  async forgetAttempts(): Promise<void> {
    await this.#call('/control/attempts', 'DELETE')
  }

  /** How many calls it has had since they were last forgotten; it remembers 10,000. */
  async countAttempts(): Promise<number> {
    return (await this.#attempts()).length
  }

  /** How many calls are still being answered. */
  async countOpen(): Promise<number> {
    return (await this.#attempts()).filter(({ endedAtMs }) => endedAtMs === null).length
  }

  async #attempts(): Promise<readonly { readonly endedAtMs: number | null }[]> {
    const response = await this.#call('/control/attempts', 'GET')
    return ((await response.json()) as { attempts: { endedAtMs: number | null }[] }).attempts
  }

  async #call(path: string, method: string, body: object | null = null): Promise<Response> {
    const response = await fetch(this.#url + path, {
      method,
      ...(body === null
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    })
    if (!response.ok) throw new Error(`The mock provider refused ${method} ${path}: ${await response.text()}`)
    return response
  }
}
