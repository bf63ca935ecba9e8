/** One line that is written over, where somebody is looking; '' takes it away. */
export function status({ json }: { readonly json: boolean }, words: string): void {
  if (process.stdout.isTTY && !json) process.stdout.write(`\r\u001B[K${words === '' ? '' : `  ${words}`}`)
}
