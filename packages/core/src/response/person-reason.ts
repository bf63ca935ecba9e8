/** Why a person has to decide. */
export type PersonReason = 'no-alternative' | 'unknown-pattern'
