import { DurableObject } from 'cloudflare:workers'
import { emptyLedger, grantQuota, type QuotaGrant, type QuotaRequest } from '@paceline/core'
import * as v from 'valibot'
import { storedValue } from '../stored-value.ts'

const count = v.pipe(v.number(), v.integer(), v.minValue(0))
const ledgerSchema = v.strictObject({ day: count, given: count })

/** The ledger of one key's or one tier's quota: an object for each, so that none waits for another. */
export class Quota extends DurableObject {
  /** Written before the answer is sent, since what is not remembered would be given out twice. */
  lease(request: QuotaRequest): QuotaGrant {
    const { kv } = this.ctx.storage
    const stored = v.safeParse(ledgerSchema, storedValue(kv, 'ledger'))
    const { ledger, grant } = grantQuota(stored.success ? stored.output : emptyLedger, request, Date.now())
    kv.put('ledger', ledger)
    return grant
  }
}
