/** What the app says of its users' consent; left out: it is not needed or was given. */
export type Consent = boolean | Promise<boolean> | (() => boolean | Promise<boolean>)

/**
 * Whether anything may be reported: never against the user's own wish (Global Privacy Control, Do Not Track), and not
 * before the app's consent is there.
 * https://www.w3.org/TR/gpc/ https://www.w3.org/TR/tracking-dnt/
 */
export function mayReport(consent: Consent): boolean | Promise<boolean> {
  const { globalPrivacyControl, doNotTrack } = navigator as Navigator & {
    readonly globalPrivacyControl?: boolean
    readonly doNotTrack?: string | null
  }
  if (globalPrivacyControl === true || doNotTrack === '1') return false
  return typeof consent === 'function' ? consent() : consent
}
