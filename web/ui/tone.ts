/** How good it is what the Status column of a Table says. */

const tones: [RegExp, string][] = [
  [/^(Running|Completed|Complete|Succeeded|Ready|Active|Bound|Available)$/, "good"],
  [
    /^(Terminating|Pending|ContainerCreating|PodInitializing|Init:\d+\/\d+|SchedulingGated|Released|Suspended|Ready,SchedulingDisabled)$/,
    "moving",
  ],
  [/./, "bad"],
];

/** `good`, `moving`, `bad`; "": it says nothing. */
export const toneOf = (status: string): string =>
  tones.find(([pattern]) => pattern.test(status))?.[1] ?? "";
