/** Keys of the machines that nodes are, beside Pods' `namespace/name`: no namespace is called `@node`. */
const prefix = "@node/";

export const machineKey = (node: string): string => `${prefix}${node}`;

/** The node a key stands for; undefined: it is a Pod's. */
export const nodeOfKey = (key: string): string | undefined =>
  key.startsWith(prefix) ? key.slice(prefix.length) : undefined;
