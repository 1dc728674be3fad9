/** What a redis server is made of: its JSON state, and what a command gets to see. */
import { lookup } from "../../core/lookup.ts";
import type { NamesOf } from "../../core/record-codec.ts";
import { socketNames, type Socket } from "../serving/sockets.ts";
import type { Sys } from "../../runtime/kernel/types.ts";
import { databaseNames, type Keys, type Store } from "./store.ts";

export interface RedisClient {
  /** Bytes of an unfinished command. */
  unread?: string;
  /** Selected database; absent: 0. */
  database?: number;
  /** Has given the password. */
  authenticated?: true;
  name?: string;
  /** It is a replica: writes are sent on to it. */
  replica?: true;
  /** Commands since MULTI. */
  queued?: string[][];
}

/** A replica's side of its link. */
export interface Link {
  host: string;
  port: number;
  socket?: Socket;
  /** Bytes not understood yet. */
  unread?: string;
  /** Database the master's writes go to. */
  database?: number;
  /** The master's data is here and changes arrive. */
  up?: true;
  /** Next try, virtual ms, and tries so far. */
  nextTryMs?: number;
  tries?: number;
}

/** What a sentinel was told to watch. */
export interface WatchedMaster {
  host: string;
  port: number;
  quorum: number;
}

export interface RedisState extends Store {
  /** Listening descriptor. */
  listener?: number;
  /** Clients by descriptor. */
  clients: Record<string, RedisClient>;
  /** Settings other than redis' own. */
  conf?: Record<string, string>;
  link?: Link;
  /** Of a sentinel, and of nobody else: by name. */
  masters?: Record<string, WatchedMaster>;
  /** Writes since the last save, commands in all, connections in all. */
  unsaved?: number;
  commands?: number;
  connections?: number;
  /** Exit code, once it is to end. */
  exitCode?: number;
}

/** Names on disk. */
export const redisNames: NamesOf<RedisState> = {
  fields: {
    databases: "d",
    listener: "l",
    clients: "c",
    unsaved: "w",
    commands: "n",
    connections: "k",
    exitCode: "x",
  },
  inside: {
    databases: databaseNames,
    clients: {
      each: {
        fields: { unread: "b", database: "d", authenticated: "a", replica: "r", queued: "m" },
      },
    },
    link: {
      fields: { socket: "s", unread: "b", database: "d", nextTryMs: "t", tries: "n" },
      inside: { socket: socketNames },
    },
  },
};

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

export const defaults: Record<string, string> = lookup({
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
});

export const settingOf = (state: RedisState, name: string): string =>
  state.conf?.[name] ?? defaults[name] ?? "";

export const notInteger = "ERR value is not an integer or out of range";
export const syntaxError = "ERR syntax error";
