/** Signs on buttons, drawn with lines of the text's colour. Names for screen readers stand on the buttons. */
const paths = {
  caret: "M4 6l4 4 4-4",
  plus: "M8 3v10M3 8h10",
  close: "M4 4l8 8M12 4l-8 8",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  play: "M5 3.2v9.6L12.5 8z",
  step: "M3.5 3.5v9L9.5 8zM12.5 3.5v9",
  split: "M2.5 3.5h11v9h-11zM2.5 8.5h11",
  panel: "M2.5 3.5h11v9h-11zM2.5 6h11",
  terminal: "M2.5 3.5h11v9h-11zM5 6.5l2 1.75L5 10M8.5 10H11",
  people:
    "M6 7.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM2 13c.3-2.4 1.8-3.5 4-3.5s3.7 1.1 4 3.5M10.5 7.3a1.8 1.8 0 1 0-.6-3.4M11.6 9.8c1.4.4 2.2 1.4 2.4 3.2",
  picture: "M2.5 3.5h11v9h-11zM8 3.5v9M4.5 6.5H6M10 6.5h1.5M4.5 9.5H6",
  objects: "M6 4h7.5M6 8h7.5M6 12h7.5M2.5 4h1M2.5 8h1M2.5 12h1",
  timeline: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM8 5v3.2l2.2 1.3",
  lesson:
    "M2.5 3.6c2-.6 3.8-.4 5.5.7 1.7-1.1 3.5-1.3 5.5-.7v8.7c-2-.6-3.8-.4-5.5.7-1.7-1.1-3.5-1.3-5.5-.7zM8 4.3V13",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  search: "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.3 10.3L14 14",
} as const;

export type IconName = keyof typeof paths;

export const Icon = ({ name }: { name: IconName }) => (
  <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
    <path d={paths[name]} />
  </svg>
);
