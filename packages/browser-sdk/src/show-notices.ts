import type { PublicDirectives } from '@paceline/core'
import { isolated } from './isolated.ts'
import type { createNoticeBoard, NoticeBoard, NoticeBoardOptions } from './notice/notice-board.ts'

/** @param failures how often it could not be loaded: browsers remember a failure by its address */
export type LoadNotice = (
  failures: number,
) => Promise<{ readonly createNoticeBoard: typeof createNoticeBoard }>

/**
 * Loads the notice as soon as there is something to say, and tells it everything from then on. Where it can't be loaded,
 * the next directives try again.
 */
export function showNotices(
  load: LoadNotice,
  options: NoticeBoardOptions,
): (directives: PublicDirectives) => void {
  let board: Promise<NoticeBoard> | undefined
  let failures = 0

  return isolated(async (directives) => {
    const heardAt = performance.now()
    if (directives.notices.length > 0)
      board ??= load(failures).then((notice) => notice.createNoticeBoard(options))
    try {
      ;(await board)?.refresh(directives, heardAt)
    } catch {
      board = undefined
      failures += 1
    }
  })
}
