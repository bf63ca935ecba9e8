import type { ShareSnapshot } from '@paceline/core'
import { authenticate } from '../gateway/parse/authenticate.ts'
import { isProblem } from '../gateway/problem.ts'
import type { Secret } from '../gateway/setup.ts'
import { forOperators } from '../ops/for-operators.ts'
import { problemDetails } from '../problem-details.ts'
import type { Counts } from './ledger.ts'

/** What one writer of health has been told. */
export interface Measured {
  readonly region: string
  readonly counts: Counts
  readonly snapshot: ShareSnapshot
}

/** Figures for a scraper, by an operator's token. https://prometheus.io/docs/specs/om/open_metrics_spec/ */
export async function serveMetrics(
  request: Request,
  operators: readonly Secret[],
  measure: () => Promise<readonly Measured[]>,
): Promise<Response> {
  const operator = authenticate(request.headers, operators)
  if (isProblem(operator)) return problemDetails(forOperators(operator))
  try {
    const headers = {
      'content-type': 'application/openmetrics-text; version=1.0.0; charset=utf-8',
      'cache-control': 'no-store',
    }
    return new Response(renderMetrics(await measure()), { headers })
  } catch {
    return problemDetails({
      status: 503,
      code: 'health_out',
      message:
        'What holds the figures does not answer. The gateway goes on without it; ask again in a moment.',
      param: null,
      retryable: true,
      retryAfterS: 5,
    })
  }
}

interface Family {
  readonly type: 'counter' | 'gauge'
  readonly help: string
  readonly samples: readonly (readonly [labels: Readonly<Record<string, string>>, value: number])[]
}

export function renderMetrics(measured: readonly Measured[]): string {
  const families: Record<string, Family> = {
    paceline_attempts: {
      type: 'counter',
      help: 'Attempts at providers by reason; all but the first of a request are extra load.',
      samples: measured.flatMap((one) => counted(one, 'attempts', 'reason')),
    },
    paceline_answers: {
      type: 'counter',
      help: 'Answers by how they came to be.',
      samples: measured.flatMap((one) => counted(one, 'answers', 'answer')),
    },
    paceline_candidate_share: {
      type: 'gauge',
      help: 'Share of each candidate by health, 0 to 1.',
      samples: measured.flatMap(({ region, snapshot }) =>
        Object.entries(snapshot.shares).map(
          ([candidate, { share }]) => [{ region, candidate }, share] as const,
        ),
      ),
    },
  }
  const lines = Object.entries(families).flatMap(([name, { type, help, samples }]) => [
    `# TYPE ${name} ${type}`,
    `# HELP ${name} ${help}`,
    ...samples.map(
      ([labels, value]) => `${name}${type === 'counter' ? '_total' : ''}${spell(labels)} ${value}`,
    ),
  ])
  return `${lines.join('\n')}\n# EOF\n`
}

function counted({ region, counts }: Measured, counter: string, label: string): Family['samples'] {
  return Object.entries(counts).flatMap(([name, value]) => {
    const [of, kind = ''] = name.split(' ')
    return of === counter ? [[{ region, [label]: kind }, value] as const] : []
  })
}

const spell = (labels: Readonly<Record<string, string>>): string =>
  `{${Object.entries(labels)
    .map(
      ([name, value]) => `${name}="${value.replaceAll(/[\\"\n]/g, (character) => ESCAPES[character] ?? '')}"`,
    )
    .join(',')}}`

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' }
