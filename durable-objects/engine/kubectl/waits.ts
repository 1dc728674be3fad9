/** What a process waits for, in the kernel's names. */
import type { Wait } from "../runtime/kernel/state.ts";

export const until = (ms: number): Wait => ({ untilMs: ms });
export const childEnds = (): Wait => ({ childEnd: true });
export const readable = (fd: number): Wait => ({ readable: [fd] });
/** News of a stream, or an answer, by its handle; at the latest at a moment. */
export const answered = (handle: string, ms?: number): Wait => ({
  answer: handle,
  ...(ms === undefined ? {} : { untilMs: ms }),
});
