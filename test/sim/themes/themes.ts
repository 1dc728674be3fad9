/** All themes; which one a scenario has follows from its seed. */
import { Chance } from "../chance.ts";
import { customs } from "./customs.ts";
import { devices } from "./devices.ts";
import { gateways } from "./gateways.ts";
import { schedules } from "./schedules.ts";
import { sets } from "./sets.ts";
import type { Theme } from "./theme.ts";
import { webhooks } from "./webhooks.ts";

const workloads: Theme = { name: "workloads", weight: 5, births: 8, operations: [], share: 0 };

export const themes: readonly Theme[] = [
  workloads,
  schedules,
  sets,
  webhooks,
  devices,
  gateways,
  customs,
];

export const themeOf = (seed: number): Theme => new Chance(seed ^ 0x7e3e).weighted(themes);
