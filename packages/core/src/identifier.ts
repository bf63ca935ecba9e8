import * as v from 'valibot'

/** A name of the configuration: of a provider, a model, a route, a key. */
export const identifier = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$/, 'a name of letters, digits and . _ : / - (128 at most)'),
)

/** What an app calls one of its own customers: only ever compared, never read. */
export const tenantName = v.pipe(
  v.string(),
  v.regex(/^[!-~]{1,128}$/, 'the name of a tenant: 1 to 128 visible ASCII characters'),
)
