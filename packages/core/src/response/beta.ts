/**
 * The value below which a Beta(a, b) distributed probability lies with the chance `at`.
 *
 * @param a successes and 1 or more of the prior; likewise `b` of failures
 * @param at 0 to 1, such as 0.05 for the lower bound of a 90 % interval
 */
export function betaQuantile(a: number, b: number, at: number): number {
  let [low, high] = [0, 1]
  // Each halving wins a binary digit; 50 are all that a double has.
  for (let step = 0; step < 50; step += 1) {
    const middle = (low + high) / 2
    if (betaBelow(a, b, middle) < at) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** The regularised incomplete beta function by its continued fraction. https://dlmf.nist.gov/8.17.E22 */
function betaBelow(a: number, b: number, x: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x))
  // The fraction converges fast only on this side of the mean.
  return x < (a + 1) / (a + b + 2) ? (front * fraction(a, b, x)) / a : 1 - (front * fraction(b, a, 1 - x)) / b
}

/** By Lentz's method: numerators and denominators are built up together and never become zero. */
function fraction(a: number, b: number, x: number): number {
  const tiny = 1e-300
  const away = (value: number): number => (Math.abs(value) < tiny ? tiny : value)
  let c = 1
  let d = 1 / away(1 - ((a + b) * x) / (a + 1))
  let result = d
  for (let m = 1; m <= 300; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    for (const term of [even, odd]) {
      d = 1 / away(1 + term * d)
      c = away(1 + term / c)
      result *= c * d
    }
    if (Math.abs(c * d - 1) < 1e-12) break
  }
  return result
}

/** Lanczos' approximation, g = 7, for arguments above 0. https://dlmf.nist.gov/5.11 */
function logGamma(x: number): number {
  const [first, ...others] = LANCZOS
  const base = x + 6.5
  const sum = others.reduce((total, coefficient, index) => total + coefficient / (x + index), first)
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(base) - base + Math.log(sum)
}

const LANCZOS: readonly [number, ...number[]] = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
]
