/** clusterIPs, ipFamilies and ipFamilyPolicy: three fields that must agree. */
import {
  at,
  duplicate,
  invalid,
  notSupported,
  required,
  type FieldError,
} from "../../machinery/field.ts";
import { validateIpLegacy } from "../../machinery/ip.ts";
import { familyOf } from "../ip-families.ts";
import { isHeadless, type Service } from "./shape.ts";

const ipsPath = "spec.clusterIPs";
const familiesPath = "spec.ipFamilies";
const policyPath = "spec.ipFamilyPolicy";
const policies = ["PreferDualStack", "RequireDualStack", "SingleStack"];
const families = ["IPv4", "IPv6"];

/** k8s: core validation ValidateServiceClusterIPsRelatedFields */
export function validateClusterIps(service: Service, old: Service | undefined): FieldError[] {
  const spec = service.spec ?? {};
  if (spec.type === "ExternalName") return [];
  const ips = spec.clusterIPs ?? [];
  const errors = [...matchSingular(spec.clusterIP ?? "", ips), ...checkFamilies(spec.ipFamilies)];
  const policy = spec.ipFamilyPolicy;
  if (policy !== undefined && !policies.includes(policy)) {
    errors.push(notSupported(policyPath, policy, policies));
  }
  const known = old?.spec?.clusterIPs;
  const bad = ips.flatMap((ip, i) => {
    if (i > 0 || ip !== "None") return validateIpLegacy(at(ipsPath, i), ip, known);
    const detail = "'None' must be the first and only value";
    return ips.length > 1 ? [invalid(ipsPath, ips, detail)] : [];
  });
  errors.push(...bad);
  if (ips.length > 2) errors.push(invalid(ipsPath, ips, "may only hold up to 2 values"));
  if (bad.length > 0) return errors;
  if (ips.length > 1 && new Set(ips.map(familyOf)).size < 2) {
    errors.push(invalid(ipsPath, ips, "may specify no more than one IP for each IP family"));
  }
  if (!isHeadless(service)) errors.push(...matchFamilies(ips, spec.ipFamilies ?? []));
  return errors;
}

function matchSingular(ip: string, ips: string[]): FieldError[] {
  if (ip === "") {
    const detail = "must be empty when `clusterIP` is not specified";
    return ips.length > 0 ? [invalid(ipsPath, ips, detail)] : [];
  }
  if (ips.length === 0) return [required(ipsPath)];
  return ips[0] === ip ? [] : [invalid(ipsPath, ips, "first value must match `clusterIP`")];
}

function checkFamilies(given: readonly string[] = []): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [i, family] of given.entries()) {
    const path = at(familiesPath, i);
    if (!families.includes(family)) errors.push(notSupported(path, family, families));
    if (seen.has(family)) errors.push(duplicate(path, family));
    seen.add(family);
  }
  return errors;
}

function matchFamilies(ips: string[], given: string[]): FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, ip] of ips.entries()) {
    const wanted = given[i];
    if (wanted === undefined || familyOf(ip) === wanted) continue;
    const detail = `expected an ${wanted} value as indicated by \`ipFamilies[${i}]\``;
    errors.push(invalid(at(ipsPath, i), ip, detail));
  }
  return errors;
}

/** k8s: core validation validateUpgradeDowngradeClusterIPs, validateUpgradeDowngradeIPFamilies */
export function validateClusterIpsUpdate(service: Service, old: Service): FieldError[] {
  const external = service.spec?.type === "ExternalName" || old.spec?.type === "ExternalName";
  if (external) return [];
  const headless = isHeadless(service);
  const wasHeadless = isHeadless(old);
  const errors: FieldError[] = [];
  if (!(headless && wasHeadless)) errors.push(...changeOfIps(service, old));
  if (!headless && !wasHeadless) errors.push(...changeOfFamilies(service, old));
  return errors;
}

const unchanged = "may not change once set";

function changeOfIps(service: Service, old: Service): FieldError[] {
  const now = service.spec?.clusterIPs ?? [];
  const was = old.spec?.clusterIPs ?? [];
  const path = at(ipsPath, 0);
  if (was.length === now.length) {
    return was.flatMap((ip, i) => (ip === now[i] ? [] : [invalid(at(ipsPath, i), now, unchanged)]));
  }
  const errors: FieldError[] = [];
  if (now.length === 0) {
    errors.push(invalid(path, now, "primary clusterIP can not be unset"));
  } else if (was.length > 0 && now[0] !== was[0]) {
    errors.push(invalid(path, now, unchanged));
  }
  if (was.length > now.length && now.length === 1) {
    errors.push(...releasesSecondary(service, "clusterIP"));
  }
  return errors;
}

function changeOfFamilies(service: Service, old: Service): FieldError[] {
  const now = service.spec?.ipFamilies ?? [];
  const was = old.spec?.ipFamilies ?? [];
  const ips = service.spec?.clusterIPs ?? [];
  const path = at(familiesPath, 0);
  if (was.length === now.length) {
    return was.flatMap((family, i) => (family === now[i] ? [] : [invalid(path, now, unchanged)]));
  }
  const errors: FieldError[] = [];
  if (was.length > now.length && ips.length === 0) {
    errors.push(invalid(path, now, "primary ipFamily can not be unset"));
  }
  if (was.length > 0 && now.length > 0 && now[0] !== was[0]) {
    errors.push(invalid(path, ips, unchanged));
  }
  if (was.length > now.length && now.length === 1) {
    errors.push(...releasesSecondary(service, "ipFamily"));
  }
  return errors;
}

function releasesSecondary(service: Service, what: string): FieldError[] {
  const policy = service.spec?.ipFamilyPolicy;
  if (policy === "SingleStack") return [];
  const detail = `must be set to 'SingleStack' when releasing the secondary ${what}`;
  return [invalid(policyPath, policy, detail)];
}
