import { remembered } from "../desk/remembered.ts";

/** Whether terminals tell a screen reader what they show; it costs time with every line, so it is asked for. */
export const screenReader = remembered(
  "screen-reader",
  false,
  (kept): kept is boolean => typeof kept === "boolean",
);
