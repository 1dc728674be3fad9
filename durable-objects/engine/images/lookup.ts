/** Finds an image by its reference. The images themselves are registered by images/index.ts, so that the runtime needs none of them. */
import { parseReference, type ImageReference } from "../machinery/image-reference.ts";
import type { BootLine, ImageDefinition, ImageVersion } from "./define.ts";

const repositories = new Map<string, ImageDefinition>();
let unknown: (reference?: ImageReference) => ImageVersion;

export function registerImages(
  definitions: readonly ImageDefinition[],
  unknownVersion: (reference?: ImageReference) => ImageVersion,
): void {
  for (const definition of definitions) {
    for (const repository of definition.repositories) repositories.set(repository, definition);
  }
  unknown = unknownVersion;
}

export const findRepository = (repository: string): ImageDefinition | undefined =>
  repositories.get(repository);

export interface FoundImage {
  known: boolean;
  version: ImageVersion;
  definition?: ImageDefinition;
}

const found = new Map<string, FoundImage>();

/** The image a reference names; built once. A tag that does not exist is never asked for: it was not pulled. */
export function findImage(image: string): FoundImage {
  let entry = found.get(image);
  if (!entry) {
    entry = lookUp(image);
    found.set(image, entry);
  }
  return entry;
}

function lookUp(image: string): FoundImage {
  const reference = parseReference(image);
  if ("error" in reference) return { known: false, version: unknown() };
  const definition = findRepository(`${reference.domain}/${reference.path}`);
  if (!definition) {
    const version = unknown(reference);
    return { known: version.complete === true, version };
  }
  const tag = reference.tag ?? "latest";
  const version = definition.resolveTag(tag) ?? definition.resolveTag("latest") ?? tag;
  return { known: true, definition, version: definition.version(version, tag) };
}

export const imageVersion = (image: string): ImageVersion => findImage(image).version;

/** Lines an image's plain start prints. */
export function bootLines(image: string, startedAtMs: number): BootLine[] {
  const { definition, version } = findImage(image);
  return definition?.bootLog?.(version.version, startedAtMs) ?? [];
}

/** Docker's official images (docker.io/library/...): nobody else can add one, so other names do not exist. */
export const officialRepositories: ReadonlySet<string> = new Set(
  (
    "adminer aerospike almalinux alpine alt amazoncorretto amazonlinux api-firewall arangodb archlinux backdrop bash bonita buildpack-deps busybox " +
    "caddy cassandra centos chronograf cirros clearlinux clefos clickhouse clojure composer consul convertigo couchbase couchdb crate dart debian " +
    "docker drupal eclipse-mosquitto eclipse-temurin eggdrop elasticsearch elixir emqx erlang express-gateway fedora flink fluentd friendica " +
    "gazebo gcc geonetwork ghost golang gradle groovy haproxy haskell haxe hello-world hitch httpd hylang ibm-semeru-runtimes influxdb " +
    "irssi jetty jobber joomla jruby julia kapacitor kibana kong krakend lightstreamer liquibase logstash mageia mariadb " +
    "matomo maven mediawiki memcached mongo mongo-express monica mono mysql nats nats-streaming neo4j neurodebian nextcloud nginx node nuxeo odoo " +
    "open-liberty openjdk opensuse oraclelinux orientdb percona perl photon php php-zendserver phpmyadmin plone postfixadmin postgres " +
    "pypy python r-base rabbitmq rakudo-star redis redmine registry rethinkdb rocket.chat rockylinux ros ruby rust sapmachine satosa " +
    "scratch silverpeas sl solr sonarqube sourcemage spark spiped storm swift swipl tarantool teamspeak telegraf thrift tomcat tomee " +
    "traefik ubuntu unit valkey varnish vault websphere-liberty wordpress xwiki yourls zipkin znc zookeeper"
  ).split(" "),
);
