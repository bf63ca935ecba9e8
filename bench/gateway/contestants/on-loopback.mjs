// Portkey listens wherever it can be reached and has no option for it. Loaded before it, this keeps it on this machine.
import { Server } from 'node:net'

const { listen } = Server.prototype
Server.prototype.listen = function (port, ...rest) {
  return listen.call(this, port, ...(typeof rest[0] === 'string' ? rest : ['127.0.0.1', ...rest.filter(Boolean)]))
}
