/** The registry of images. One file or folder per family; anything else is an unknown image. */
import type { ImageDefinition } from "./define.ts";
import { agnhost, livenessImage } from "./agnhost/agnhost.ts";
import { busybox } from "./busybox.ts";
import { crioArtifact } from "./crio-artifact.ts";
import { bookinfoImages } from "./demonstrations/bookinfo.ts";
import { httpbinImages } from "./demonstrations/httpbin.ts";
import { fortuneImages } from "./demonstrations/fortune.ts";
import { kubiaImages } from "./demonstrations/kubia.ts";
import { kuardImage } from "./demonstrations/kuard.ts";
import { memcachedImage } from "./memcached.ts";
import { podinfoImage } from "./demonstrations/podinfo.ts";
import { certgenImage } from "./ingress-nginx/certgen.ts";
import { ingressNginxImage } from "./ingress-nginx/controller.ts";
import { smallPageImages } from "./demonstrations/small-pages.ts";
import { databaseImages, databasePrograms } from "./databases/databases.ts";
import { draDriver } from "./dra-driver/dra-driver.ts";
import { e2eImages } from "./e2e-images.ts";
import { echoBasicImage } from "./echo-basic.ts";
import { echoImages } from "./echo-family.ts";
import { gbFrontend, goGuestbookImage } from "./guestbook/guestbook.ts";
import { helloImages } from "./hello-family.ts";
import { httpd } from "./httpd.ts";
import { nodeImage } from "./javascript/node.ts";
import { pythonImage } from "./scripts/python.ts";
import { kubectlImages } from "./kubectl.ts";
import { kubernetesImages } from "./kubernetes.ts";
import { linuxImages } from "./distributions/linux.ts";
import { nodeService } from "../runtime/kernel/process-view.ts";
import { shellPrograms } from "../runtime/shell/index.ts";
import { toolPrograms } from "../runtime/tools/table.ts";
import { Catalog } from "./catalog.ts";
import { toolImages } from "./net-tools.ts";
import { nginx, nginxSlim } from "./nginx/nginx.ts";
import { packageManagers } from "./distributions/apk-dnf-yum.ts";
import { pause } from "./pause.ts";
import { phpApache } from "./php-apache.ts";
import { kubernetesRedis, redis, redisReplicas, valkey } from "./redis/redis.ts";
import { resourceConsumer } from "./resource-consumer.ts";
import { sampleApiserver } from "./sample-apiserver/sample-apiserver.ts";
import { scriptLanguages } from "./scripts/perl-ruby-php.ts";
import { stressImages } from "./stress.ts";
import { unknownPrograms, unknownVersion } from "./stand-in/unknown.ts";
import type { Program } from "../runtime/kernel/types.ts";

const definitions: ImageDefinition[] = [
  agnhost,
  busybox,
  crioArtifact,
  echoBasicImage,
  draDriver,
  gbFrontend,
  goGuestbookImage,
  httpd,
  certgenImage,
  ingressNginxImage,
  livenessImage,
  kuardImage,
  memcachedImage,
  nginx,
  nginxSlim,
  nodeImage,
  pause,
  phpApache,
  podinfoImage,
  pythonImage,
  redis,
  kubernetesRedis,
  resourceConsumer,
  sampleApiserver,
  valkey,
  ...bookinfoImages,
  ...databaseImages,
  ...e2eImages,
  ...echoImages,
  ...fortuneImages,
  ...helloImages,
  ...httpbinImages,
  ...kubectlImages,
  ...kubiaImages,
  ...kubernetesImages,
  ...linuxImages,
  ...redisReplicas,
  ...smallPageImages,
  ...stressImages,
  ...toolImages,
];

export const imageCatalog = new Catalog(definitions, unknownVersion, () => [
  nodeService,
  ...toolPrograms(),
  ...shellPrograms(),
  ...imagePrograms(),
]);

export function imagePrograms(): Program[] {
  return [
    ...definitions.flatMap((definition) => definition.programs ?? []),
    ...databasePrograms,
    ...packageManagers,
    ...scriptLanguages,
    ...unknownPrograms,
  ];
}
