/** What a redis server is made of: its JSON state, and what a command gets to see. */
import type { Sys } from "../../runtime/kernel/types.ts";
import type { Socket } from "../serving/sockets.ts";
import type { Keys, Store } from "./store.ts";

export interface RedisClient {
  /** Bytes of an unfinished command. */
  b?: string;
  /** Selected database; absent: 0. */
  d?: number;
  /** Has given the password. */
  a?: true;
  name?: string;
  /** It is a replica: writes are sent on to it. */
  r?: true;
  /** Commands since MULTI. */
  m?: string[][];
}

/** A replica's side of its link. */
export interface Link {
  host: string;
  port: number;
  s?: Socket;
  /** Bytes not understood yet. */
  b?: string;
  /** Database the master's writes go to. */
  d?: number;
  /** The master's data is here and changes arrive. */
  up?: true;
  /** Next try, virtual ms, and tries so far. */
  t?: number;
  n?: number;
}

export interface RedisState extends Store {
  /** Listening descriptor. */
  l?: number;
  /** Clients by descriptor. */
  c: Record<string, RedisClient>;
  /** Settings other than redis' own. */
  conf?: Record<string, string>;
  link?: Link;
  /** Writes since the last save, commands in all, connections in all. */
  w?: number;
  n?: number;
  k?: number;
  /** Exit code, once it is to end. */
  x?: number;
}

export interface Call {
  name: string;
  args: string[];
  keys: Keys;
  sys: Sys;
  state: RedisState;
  client: RedisClient;
  /** The command came from the master, or from the file of commands. */
  inside?: true;
}

export interface Command {
  /** Words with the name; negative: at least so many. */
  arity: number;
  write?: true;
  run(call: Call): string;
}

export const defaults: Record<string, string> = {
  appendonly: "no",
  appendfsync: "everysec",
  bind: "* -::*",
  databases: "16",
  dbfilename: "dump.rdb",
  dir: "/data",
  loglevel: "notice",
  maxclients: "10000",
  maxmemory: "0",
  "maxmemory-policy": "noeviction",
  port: "6379",
  "protected-mode": "no",
  replicaof: "",
  "replica-read-only": "yes",
  requirepass: "",
  save: "3600 1 300 100 60 10000",
  "tcp-backlog": "511",
  "tcp-keepalive": "300",
  timeout: "0",
};

export const settingOf = (state: RedisState, name: string): string =>
  state.conf?.[name] ?? defaults[name] ?? "";

export const notInteger = "ERR value is not an integer or out of range";
export const syntaxError = "ERR syntax error";
