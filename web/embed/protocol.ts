/** What a page and the frame in it say to each other. */

/** The page asks for a port, again and again until the frame answers with one. */
export const asksForPort = "podyard:connect";
export const bringsPort = "podyard:port";

export interface Call {
  id: number;
  method: string;
  params: unknown[];
}

export type Reply = { id: number; result: unknown } | { id: number; error: string };

/** `ready` {kind, id}, `changed` {pods}, `resize` {height}. */
export interface Event {
  event: string;
  data: unknown;
}
