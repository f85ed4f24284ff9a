/** Clients in the shape of `@cloudflare/workers-oauth-provider`, and back. */
import type { Client, ClientAuthMethod } from '../model/client.ts';
import type { ClientSpec } from '../model/client-spec.ts';
import { localizedOf } from '../model/display.ts';
import type { ClientInfo as CoreClient } from '../provider/client-info.ts';
import type { ClientInfo } from './types.ts';

/** A client in the old shape. */
export function infoOf(client: CoreClient): ClientInfo {
  const {
    id: clientId,
    redirectUris,
    name,
    uri,
    logoUri,
    policyUri,
    tosUri,
    jwksUri,
    contacts,
    names = {},
    links,
    grantTypes,
    createdAt,
    authMethod,
  } = client as Client;
  const i18n = { ...Object.fromEntries(Object.entries(names).map(([tag, text]) => [`client_name#${tag}`, text])), ...links };
  const optional = {
    clientName: name,
    clientUri: uri,
    logoUri,
    policyUri,
    tosUri,
    jwksUri,
    contacts: contacts && [...contacts],
    i18n: Object.keys(i18n).length > 0 ? i18n : undefined,
  };
  return {
    clientId,
    redirectUris: [...redirectUris],
    grantTypes: [...grantTypes],
    responseTypes: ['code'],
    registrationDate: createdAt,
    tokenEndpointAuthMethod: authMethod,
    ...(Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)) as Partial<ClientInfo>),
  };
}

/** What of it can be set. */
export function specOf(info: Partial<ClientInfo>): ClientSpec {
  const {
    clientName: name,
    clientUri: uri,
    logoUri,
    policyUri,
    tosUri,
    contacts,
    i18n,
    redirectUris,
    jwksUri,
    grantTypes,
    tokenEndpointAuthMethod,
  } = info;
  const authMethod = tokenEndpointAuthMethod as ClientAuthMethod | undefined;
  const given = {
    name,
    uri,
    logoUri,
    policyUri,
    tosUri,
    contacts,
    redirectUris,
    jwksUri,
    grantTypes,
    authMethod,
    ...(i18n && localizedOf(Object.entries(i18n))),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as ClientSpec;
}
