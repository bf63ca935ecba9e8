import { Connection } from './connection.ts'

/** Connections to one port that are lent out and come back, for requests that arrive by the clock. */
export class Pool {
  readonly #port: number
  readonly #all = new Set<Connection>()

  constructor(port: number) {
    this.#port = port
  }

  take(): Connection {
    for (const connection of this.#all) if (connection.isUsable) return connection
    const connection = new Connection(this.#port)
    this.#all.add(connection)
    return connection
  }

  drop(connection: Connection): void {
    connection.close()
    this.#all.delete(connection)
  }

  close(): void {
    for (const connection of this.#all) connection.close()
    this.#all.clear()
  }
}
