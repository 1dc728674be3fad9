/** What a page and the frame in it say to each other. Types alone, so that embed.js stays one file. */

/** The page asks for a port, again and again until the frame answers with one. */
export type AsksForPort = "podyard:connect";
export type BringsPort = "podyard:port";

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
