import { readLimited } from '../parse/read-limited.ts'

/** A response body of limited size, or null when it is larger. */
export async function readText(response: Response, limitBytes: number): Promise<string | null> {
  const declared = Number(response.headers.get('content-length') ?? Number.NaN)
  if (declared > limitBytes) return null
  // One read is cheaper than many. What was compressed may be any size, whatever length was declared.
  if (!Number.isNaN(declared) && !response.headers.has('content-encoding')) return response.text()
  const { text, whole } = await readLimited(response.body, limitBytes, 'stop')
  return whole ? text : null
}

const ERROR_BYTES = 65_536

/** As much of an error's body as its reason needs. */
export async function readErrorBody(response: Response): Promise<string> {
  try {
    return (await readLimited(response.body, ERROR_BYTES, 'stop')).text
  } catch {
    // The status has said enough; a broken body adds nothing.
    return ''
  }
}
