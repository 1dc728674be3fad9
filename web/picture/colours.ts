/** Colours of the picture: variables of the style sheet, as a canvas takes them. */
const names = [
  "paper",
  "card",
  "code",
  "ink",
  "soft",
  "line",
  "accent",
  "good",
  "moving",
  "bad",
] as const;

export type Palette = Record<(typeof names)[number], string> & { mono: string };

/** What the variables mean at this element now, in light or dark. */
export function readPalette(place: HTMLElement): Palette {
  const probe = document.createElement("span");
  probe.hidden = true;
  place.append(probe);
  // A variable's own text may be light-dark(); the colour made of it is not.
  const colors = names.map((name) => {
    probe.style.color = `var(--${name})`;
    return [name, getComputedStyle(probe).color];
  });
  const mono = getComputedStyle(place).getPropertyValue("--mono");
  probe.remove();
  return { ...Object.fromEntries(colors), mono } as Palette;
}
