/**
 * Whether a page's origin is among those that a key names. A port of `*` stands for any, also for none.
 * https://www.rfc-editor.org/rfc/rfc6454#section-7
 */
export function mayComeFrom(origin: string, allowed: readonly string[]): boolean {
  // `null`, of sandboxed pages and files, is nobody's origin.
  if (!URL.canParse(origin)) return false
  const { protocol, hostname, origin: normal } = new URL(origin)
  return allowed.some((one) =>
    one.endsWith(':*')
      ? one.slice(0, -':*'.length) === `${protocol}//${hostname}`
      : new URL(one).origin === normal,
  )
}
