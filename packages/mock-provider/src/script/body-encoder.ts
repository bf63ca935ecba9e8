import { constants, createBrotliCompress, createDeflate, createGzip } from 'node:zlib'
import type { Compression } from './script.ts'

/** Compresses a body piece by piece, so that each piece can be decoded as soon as it arrives. */
export interface BodyEncoder {
  encode(bytes: Buffer): Promise<Buffer>
  /** The bytes that end the compressed body. */
  finish(): Promise<Buffer>
}

const plain: BodyEncoder = {
  encode: (bytes) => Promise.resolve(bytes),
  finish: () => Promise.resolve(Buffer.alloc(0)),
}

export function createBodyEncoder(compression: Compression | null): BodyEncoder {
  if (compression === null) return plain
  const stream = createCompressor(compression)
  const taken: Buffer[] = []
  stream.on('data', (bytes: Buffer) => taken.push(bytes))
  const take = (): Buffer => Buffer.concat(taken.splice(0))
  return {
    encode: (bytes) =>
      new Promise((resolve, reject) => {
        stream.once('error', reject)
        stream.write(bytes, () => {
          stream.off('error', reject)
          // Flushed bytes are emitted after the write's own callback.
          setImmediate(() => resolve(take()))
        })
      }),
    finish: () =>
      new Promise((resolve, reject) => {
        stream.once('error', reject)
        stream.once('end', () => resolve(take()))
        stream.end()
      }),
  }
}

function createCompressor(compression: Compression): ReturnType<typeof createGzip> {
  switch (compression) {
    case 'gzip':
      return createGzip({ flush: constants.Z_SYNC_FLUSH })
    case 'deflate':
      return createDeflate({ flush: constants.Z_SYNC_FLUSH })
    case 'br':
      return createBrotliCompress({ flush: constants.BROTLI_OPERATION_FLUSH })
  }
}
