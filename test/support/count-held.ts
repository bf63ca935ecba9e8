import { setTimeout as wait } from 'node:timers/promises'
import { Inspector } from '../../bench/gateway/inspector.ts'
import type { Stack } from './stack.ts'

/** https://github.com/v8/v8/blob/main/src/profiler/heap-snapshot-generator.cc: all nodes one after the other, in numbers. */
interface HeapSnapshot {
  readonly snapshot: {
    readonly meta: {
      readonly node_fields: readonly string[]
      readonly node_types: readonly (readonly string[])[]
    }
  }
  readonly nodes: readonly number[]
  readonly strings: readonly string[]
}

/** How many instances of a class the gateway's isolate holds when its garbage is collected. */
export async function countHeld(stack: Stack, className: string): Promise<number> {
  const inspector = await Inspector.connect(stack.inspectorPort ?? 0, 'paceline')
  const over = new AbortController()
  // An isolate without any request answers no inspector.
  const waking = wake(stack, over.signal)
  try {
    const chunks: string[] = []
    inspector.listen('HeapProfiler.addHeapSnapshotChunk', (params) =>
      chunks.push((params as { chunk: string }).chunk),
    )
    await inspector.call('HeapProfiler.collectGarbage')
    await inspector.call('HeapProfiler.takeHeapSnapshot', { reportProgress: false })
    return countInstances(JSON.parse(chunks.join('')) as HeapSnapshot, className)
  } finally {
    over.abort()
    await waking
    inspector.close()
  }
}

async function wake(stack: Stack, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    await (await fetch(`${stack.url}/nothing-is-here`)).text()
    await wait(10)
  }
}

function countInstances({ snapshot: { meta }, nodes, strings }: HeapSnapshot, className: string): number {
  const [type, name] = [meta.node_fields.indexOf('type'), meta.node_fields.indexOf('name')]
  const object = meta.node_types[type]?.indexOf('object')
  const wanted = strings.indexOf(className)
  let count = 0
  for (let at = 0; at < nodes.length; at += meta.node_fields.length)
    if (nodes[at + type] === object && nodes[at + name] === wanted) count += 1
  return count
}
