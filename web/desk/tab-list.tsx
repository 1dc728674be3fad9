/** Tabs, one of which is chosen; arrows go through them, as in the ARIA Authoring Practices' tabs. */

interface Tab {
  name: string;
  title: string;
}

interface Props {
  label: string;
  tabs: readonly Tab[];
  /** Undefined: none. */
  current: string | undefined;
  choose: (name: string) => void;
}

export function TabList({ label, tabs, current, choose }: Props) {
  const move = (event: KeyboardEvent, at: number): void => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const next = (at + by + tabs.length) % tabs.length;
    choose(tabs[next]!.name);
    const list = (event.currentTarget as HTMLElement).parentElement;
    (list?.children[next] as HTMLElement | undefined)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label={label}>
      {tabs.map(({ name, title }, at) => (
        <button
          key={name}
          type="button"
          role="tab"
          aria-selected={name === current}
          tabIndex={name === current || (current === undefined && at === 0) ? 0 : -1}
          onClick={() => choose(name)}
          onKeyDown={(event) => move(event, at)}
        >
          {title}
        </button>
      ))}
    </div>
  );
}
