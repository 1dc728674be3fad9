const views = ["split", "objects", "picture", "terminal"] as const;

/** How a frame is to show its cluster, by its address. */
export interface Parameters {
  view: (typeof views)[number];
  theme: "light" | "dark" | "auto";
  /** Nothing is asked for, or made, before a click. */
  clickToLoad: boolean;
  readOnly: boolean;
  /** A line to run at the start. */
  run?: string;
  /** Time stands still at the start. */
  paused: boolean;
  /** Pixels; else as high as the content. */
  height?: number;
}

export function parametersOf(search: string): Parameters {
  const given = new URLSearchParams(search);
  const view = given.get("view");
  const theme = given.get("theme");
  const run = given.get("run");
  const height = Number(given.get("height"));
  return {
    view: views.find((one) => one === view) ?? "split",
    theme: theme === "light" || theme === "dark" ? theme : "auto",
    clickToLoad: given.get("ctl") === "1",
    readOnly: given.get("readonly") === "1",
    ...(run !== null && run !== "" && { run }),
    paused: given.get("time") === "0",
    ...(height > 0 && { height: Math.round(height) }),
  };
}
