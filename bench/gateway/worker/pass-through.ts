/** The least that a Worker can do: the yardstick for what the gateway costs. */
export default {
  async fetch(request: Request, { UPSTREAM_ORIGIN }: { UPSTREAM_ORIGIN: string }): Promise<Response> {
    const { pathname } = new URL(request.url)
    const answer = await fetch(UPSTREAM_ORIGIN + pathname, request)
    return new Response(answer.body, answer)
  },
}
