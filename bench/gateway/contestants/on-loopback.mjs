// Portkey listens wherever it can be reached and has no option for it. Loaded before it, this keeps it on this machine.
import { Server } from 'node:net'

// oxlint-disable-next-line typescript/unbound-method -- it is called with the server that it is called on
const { listen } = Server.prototype

/**
 * @this {Server}
 * @param {unknown[]} args
 */
Server.prototype.listen = function (...args) {
  const [port, ...rest] = args
  const local =
    typeof rest[0] === 'string' ? args : [port, '127.0.0.1', ...rest.filter((one) => one !== undefined)]
  return /** @type {Server} */ (Reflect.apply(listen, this, local))
}
