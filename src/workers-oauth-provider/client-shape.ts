/** Clients in the shape of `@cloudflare/workers-oauth-provider`, and back. */
import { defined } from '../lib/json.ts';
import type { Client, ClientInfo as CoreClient } from '../model/client.ts';
import type { HelperClientSpec } from '../model/client-spec.ts';
import type { ClientInfo } from './types.ts';

/** A client in the old shape. */
export function infoOf(client: CoreClient): ClientInfo {
  const { id, redirectUris, name, uri, logoUri, policyUri, tosUri, jwksUri, contacts, names = {}, links = {}, ...rest } = client as Client;
  const localized = [
    ...Object.entries(names).map(([language, text]) => [`client_name#${language}`, text] as const),
    ...Object.entries(links),
  ];
  return defined({
    clientId: id,
    redirectUris: [...redirectUris],
    grantTypes: [...rest.grantTypes],
    responseTypes: ['code'],
    registrationDate: rest.createdAt,
    tokenEndpointAuthMethod: rest.authMethod,
    clientName: name,
    clientUri: uri,
    logoUri,
    policyUri,
    tosUri,
    jwksUri,
    contacts: contacts && [...contacts],
    i18n: localized.length > 0 ? Object.fromEntries(localized) : undefined,
  }) as ClientInfo;
}

/** What of it can be set. */
export function specOf(info: Partial<ClientInfo>): HelperClientSpec {
  const { clientName: name, clientUri: uri, i18n: localized, tokenEndpointAuthMethod: authMethod } = info;
  const { logoUri, policyUri, tosUri, contacts, redirectUris, jwksUri } = info;
  // There a client for codes gets refresh tokens, whether it is for those or not.
  const isForCodes = info.grantTypes?.includes('authorization_code') === true;
  const grantTypes = isForCodes ? [...new Set([...(info.grantTypes ?? []), 'refresh_token'])] : info.grantTypes;
  return defined({
    name,
    uri,
    logoUri,
    policyUri,
    tosUri,
    localized,
    contacts,
    redirectUris,
    jwksUri,
    grantTypes,
    authMethod,
  }) as HelperClientSpec;
}
