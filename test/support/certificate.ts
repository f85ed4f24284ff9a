/** A certificate for `client.example` that signs itself, with its key: for servers of tests, and known to no one else. */

/** In PEM; good for a hundred years. */
export const CERT = `\
-----BEGIN CERTIFICATE-----
MIIBozCCAUqgAwIBAgIUKVa+N1Ij3mu5DLQZGm4n28RHRQQwCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOY2xpZW50LmV4YW1wbGUwIBcNMjYxMTIyMjM0MzU4WhgPMjEy
NjEwMjkyMzQzNThaMBkxFzAVBgNVBAMMDmNsaWVudC5leGFtcGxlMFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAEqzxV6CpDrVtXE6+pBkS10yeq2MldzyNi6kX7oG42
ThUsn4iK1oAohH3pKq2k3invBc3XlNESTxt+fwsiLH36sKNuMGwwHQYDVR0OBBYE
FKuj3CnkbacDKcQ6LAG99fdpzfK6MB8GA1UdIwQYMBaAFKuj3CnkbacDKcQ6LAG9
9fdpzfK6MA8GA1UdEwEB/wQFMAMBAf8wGQYDVR0RBBIwEIIOY2xpZW50LmV4YW1w
bGUwCgYIKoZIzj0EAwIDRwAwRAIgX7g8gE0HW+aQSrtmVSvtf0h7uu7AJA/EEaL3
e8aBsFECIDVGz05qDIUZQ57JUcpvt+alSWGdHgRPXR9sXw/3mzsn
-----END CERTIFICATE-----
`;

/** In PEM. It guards nothing. */
export const KEY = `\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgcclHum/ciAURcAb+
qouFfIA1AOKL09jr1GUGV9qDN1ehRANCAASrPFXoKkOtW1cTr6kGRLXTJ6rYyV3P
I2LqRfugbjZOFSyfiIrWgCiEfekqraTeKe8FzdeU0RJPG35/CyIsffqw
-----END PRIVATE KEY-----
`;
